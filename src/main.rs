//! The program: hands the arguments to the command line and ends with its exit code.

/// Much of a run is small trees, made on all threads and given back.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    schemalign::cli::main()
}
