//! The program: hands the arguments to the command line and ends with its exit code.

fn main() -> std::process::ExitCode {
    schemalign::cli::main()
}
