//! Prisma's schema language: text to blocks, fields and attributes with spans, whatever is broken.
