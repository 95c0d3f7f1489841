# Common commands; `just` lists them.
_default:
    @just --list

# What CI runs.
ready:
    .ci/run

# Every test; the judge tests need PostgreSQL's server programs.
test *ARGS:
    cargo test {{ARGS}}

# Random DDL chains against a real server: `just chains 20000`.
chains COUNT="2000":
    SCHEMALIGN_CHAINS={{COUNT}} cargo test --release --test it random_chains -- --nocapture

# One replay case by its title.
case TITLE:
    SCHEMALIGN_CASE="{{TITLE}}" cargo test --test it replay_cases -- --nocapture

# Speed of whole runs over generated repositories, and of the replay beside the bare parser.
bench *ARGS:
    cargo build --release
    python3 benches/run.py {{ARGS}}

# Ten minutes of fuzzing one target: `just fuzz sql`.
fuzz TARGET SECONDS="600":
    cargo fuzz run -s none {{TARGET}} -- -max_total_time={{SECONDS}} -rss_limit_mb=2048 -timeout=10

# The editor's answers to keystrokes on a generated repository: `just bench-editor --leak 100000`.
bench-editor *ARGS:
    cargo build --release
    python3 benches/editor.py {{ARGS}}
