//! Any bytes as a migration of Alembic, and as a module that it and `env.py` import: the whole check.
#![no_main]
use libfuzzer_sys::fuzz_target;
use schemalign::source::Files;

const ENV: &[u8] = b"from alembic import context
from app import models
context.configure(target_metadata=getattr(models, 'metadata', None))
with context.begin_transaction():
    context.run_migrations()
";

fuzz_target!(|bytes: &[u8]| {
    let mut migration = b"revision = 'a'\ndown_revision = None\nfrom app.models import *\n".to_vec();
    migration.extend_from_slice(bytes);
    let files = Files::in_memory([
        ("alembic.ini", b"[alembic]\nscript_location = migrations\n".to_vec()),
        ("migrations/env.py", ENV.to_vec()),
        ("migrations/versions/a.py", migration),
        ("app/__init__.py", Vec::new()),
        ("app/models.py", bytes.to_vec()),
    ]);
    let _ = schemalign::check::check(&files, &Default::default());
});
