//! Prisma: migrations made by `prisma migrate`, models in the Prisma schema language.

pub mod history;
