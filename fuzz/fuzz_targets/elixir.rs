//! Any bytes as a migration of Ecto, and as a module with a schema: the whole check.
#![no_main]
use libfuzzer_sys::fuzz_target;
use schemalign::source::Files;

const MIX: &[u8] = b"defmodule App.MixProject do
  use Mix.Project
  def project, do: [app: :app, version: \"0.1.0\", deps: [{:ecto_sql, \"~> 3.0\"}, {:postgrex, \">= 0.0.0\"}]]
end
";
const REPO: &[u8] = b"defmodule App.Repo do
  use Ecto.Repo, otp_app: :app, adapter: Ecto.Adapters.Postgres
end
";

fn module(head: &str, bytes: &[u8]) -> Vec<u8> {
    [head.as_bytes(), bytes, b"\nend\n"].concat()
}

fuzz_target!(|bytes: &[u8]| {
    let files = Files::in_memory([
        ("mix.exs", MIX.to_vec()),
        ("config/config.exs", b"import Config\nconfig :app, ecto_repos: [App.Repo]\n".to_vec()),
        ("lib/app/repo.ex", REPO.to_vec()),
        (
            "priv/repo/migrations/1_a.exs",
            module("defmodule App.A do\nuse Ecto.Migration\n", bytes),
        ),
        ("lib/app/a.ex", module("defmodule App.S do\nuse Ecto.Schema\n", bytes)),
    ]);
    let _ = schemalign::check::check(&files, &Default::default());
});
