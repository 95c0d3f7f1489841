//! Any bytes as a Prisma schema beside a small history: the whole check.
#![no_main]
use libfuzzer_sys::fuzz_target;
use schemalign::source::Files;

fuzz_target!(|bytes: &[u8]| {
    let files = Files::in_memory([
        ("prisma/schema.prisma", bytes.to_vec()),
        ("prisma/migrations/migration_lock.toml", b"provider = \"postgresql\"\n".to_vec()),
        ("prisma/migrations/1_init/migration.sql", b"CREATE TABLE \"User\" (\"id\" SERIAL PRIMARY KEY, \"email\" TEXT);".to_vec()),
    ]);
    let _ = schemalign::check::check(&files, &Default::default());
});
