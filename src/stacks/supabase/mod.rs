//! Supabase: `supabase/migrations`, run by its command line on a database that holds the platform's own schemas.

pub mod history;
