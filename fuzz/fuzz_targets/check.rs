//! Any bytes as models and migration: the whole check and both reports.
#![no_main]
use libfuzzer_sys::fuzz_target;
use schemalign::report;
use schemalign::source::Files;

fuzz_target!(|input: (&[u8], &[u8])| {
    let files = Files::in_memory([
        ("prisma/schema.prisma", input.0.to_vec()),
        ("prisma/migrations/migration_lock.toml", b"provider = \"postgresql\"\n".to_vec()),
        ("prisma/migrations/1_init/migration.sql", input.1.to_vec()),
    ]);
    let Ok(report) = schemalign::check::check(&files, &Default::default()) else { return };
    let text = report::text::render(&report, &files, &report::text::TextOptions::default());
    assert!(!text.contains('\u{1b}'), "an escape sequence got through");
    let _ = report::json::render(&report, &files);
});
