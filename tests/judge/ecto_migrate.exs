# Runs real Ecto for the judge: `elixir ecto_migrate.exs SOURCES CACHE SOCKET_DIR USER PORT` reads lines of `FOLDER<tab>DATABASE<tab>STEPS`,
# runs so many migrations of the project in that folder on that database, or `all`, and answers each with a line: `ok`, or `error CODE text`.
#
# SOURCES holds the sources of Ecto and of what it needs, a folder a package, as `mix deps.get` lays them out; they are compiled
# into CACHE once.

defmodule Packages do
  @packages [
    {:telemetry, [], [mod: {:telemetry_app, []}]},
    {:decimal, [], []},
    {:jason, [:decimal], []},
    {:db_connection, [:telemetry], [mod: {DBConnection.App, []}]},
    {:postgrex, [:db_connection, :decimal, :ssl, :crypto],
     [mod: {Postgrex.App, []}, env: [type_server_reap_after: 180_000, json_library: Jason]]},
    {:ecto, [:crypto, :decimal, :telemetry, :eex], [mod: {Ecto.Application, []}]},
    {:ecto_sql, [:ecto, :db_connection, :telemetry, :eex, :postgrex],
     [mod: {Ecto.Adapters.SQL.Application, []}, env: [postgres_map_type: "jsonb"]]}
  ]

  def load(sources, cache) do
    for {name, needs, more} <- @packages do
      out = Path.join(cache, "#{name}")
      source = Path.join(sources, "#{name}")
      unless File.dir?(source), do: raise("#{source} is not there")
      unless File.exists?(Path.join(out, "#{name}.app")), do: build(name, source, out, needs, more)
      Code.append_path(out)
    end

    {:ok, _} = Application.ensure_all_started(:ecto_sql)
  end

  defp build(name, source, out, needs, more) do
    File.mkdir_p!(out)

    for file <- Path.wildcard(source <> "/src/*.erl") do
      {:ok, _} = :compile.file(to_charlist(file), [{:outdir, to_charlist(out)}, {:i, to_charlist(source <> "/include")}])
    end

    others = ["/tds/", "/myxql/", "/tds.ex", "/myxql.ex"]
    files = Path.wildcard(source <> "/lib/**/*.ex")
    files = Enum.reject(files, fn file -> Enum.any?(others, &String.contains?(file, &1)) end)
    if files != [], do: {:ok, _, _} = Kernel.ParallelCompiler.compile_to_path(files, out)

    described =
      {:application, name,
       [description: '', vsn: '0', modules: [], registered: [], applications: [:kernel, :stdlib, :elixir, :logger | needs]] ++ more}

    File.write!(Path.join(out, "#{name}.app"), :io_lib.format("~p.~n", [described]))
  end
end

defmodule Judge do
  def loop(server) do
    case IO.gets("") do
      line when is_binary(line) ->
        [folder, database, steps] = line |> String.trim_trailing("\n") |> String.split("\t")
        answer = migrate(folder, Keyword.put(server, :database, database), steps)
        IO.puts("answer " <> String.replace(answer, ~r/\s+/, " "))
        loop(server)

      _ ->
        :ok
    end
  end

  defp migrate(folder, server, steps) do
    before = MapSet.new(:code.all_loaded(), &elem(&1, 0))
    keys = configure(folder)

    try do
      run(folder, server, steps)
    rescue
      error in Postgrex.Error -> "error #{error.postgres.pg_code} #{error.postgres.message}"
      error -> "error #{inspect(error.__struct__)} #{Exception.message(error)}"
    catch
      kind, value -> "error #{kind} #{inspect(value)}"
    after
      for {app, key} <- keys, do: Application.delete_env(app, key)

      for {module, file} <- :code.all_loaded(), not MapSet.member?(before, module), file in [[], ''] do
        :code.delete(module)
        :code.purge(module)
      end
    end
  end

  defp configure(folder) do
    files = Enum.filter(["config/config.exs", "config/runtime.exs"], &File.exists?(Path.join(folder, &1)))
    read = Enum.map(files, &Config.Reader.read!(Path.join(folder, &1), env: :prod))

    for {app, pairs} <- Enum.reduce(read, [], &Config.Reader.merge(&2, &1)), {key, value} <- pairs do
      Application.put_env(app, key, value)
      {app, key}
    end
  end

  defp run(folder, server, steps) do
    modules =
      case Path.wildcard(folder <> "/lib/**/*.ex") do
        [] ->
          []

        files ->
          {:ok, modules, _} = Kernel.ParallelCompiler.compile(files)
          modules
      end

    repo = Enum.find(modules, &function_exported?(&1, :__adapter__, 0))
    {:ok, pid} = repo.start_link(server ++ [pool_size: 3, log: false])

    try do
      [path] = Path.wildcard(folder <> "/priv/*/migrations")
      much = if steps == "all", do: [all: true], else: [step: String.to_integer(steps)]
      Ecto.Migrator.run(repo, path, :up, much ++ [log: false])
      "ok"
    after
      Supervisor.stop(pid)
    end
  end
end

[sources, cache, socket, user, port] = System.argv()
Logger.configure(level: :none)
Code.compiler_options(ignore_module_conflict: true)
{:ok, devices} = StringIO.open("")
ours = Process.whereis(:standard_error)
if ours, do: Process.unregister(:standard_error)
Process.register(devices, :standard_error)
Packages.load(sources, cache)
IO.puts("ready")
Judge.loop(socket_dir: socket, username: user, port: String.to_integer(port))
