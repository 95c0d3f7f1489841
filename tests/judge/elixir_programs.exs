# Runs the programs below a folder, each in every way in which what is unknown can come out, and prints what they emit.
#
# One folder a program: main.exs and its other files. Lines of the output: "program NAME", "run", "emit TEXT", "raises CLASS".

defmodule Judge do
  @most 40

  for count <- 1..16 do
    args = Macro.generate_arguments(count, __MODULE__)

    def emit(unquote_splicing(args)) do
      line = Enum.map_join([unquote_splicing(args)], " ", &inspect(&1, charlists: :as_lists, limit: :infinity))
      Agent.update(__MODULE__, fn state -> %{state | emitted: [line | state.emitted]} end)
      :ok
    end
  end

  def unknown(candidates), do: Enum.at(candidates, pick(length(candidates)))

  def some(items), do: Enum.take(items, pick(length(items) + 1))

  defp pick(count) do
    Agent.get_and_update(__MODULE__, fn state ->
      at = length(state.asked)
      {Enum.at(state.answers, at, 0), %{state | asked: state.asked ++ [count]}}
    end)
  end

  def program(folder) do
    IO.puts("program " <> Path.basename(folder))
    ways(folder, [], 0)
  end

  defp ways(_folder, _answers, @most), do: :ok

  defp ways(folder, answers, done) do
    Agent.update(__MODULE__, fn _ -> %{emitted: [], asked: [], answers: answers} end)
    raised = run(folder)
    state = Agent.get(__MODULE__, & &1)
    IO.puts("run")
    for line <- Enum.reverse(state.emitted), do: IO.puts("emit " <> line)
    if raised, do: IO.puts("raises " <> raised)
    answers = Enum.take(answers ++ List.duplicate(0, length(state.asked)), length(state.asked))
    pairs = Enum.zip(answers, state.asked)
    open = pairs |> Enum.with_index() |> Enum.filter(fn {{a, n}, _} -> a + 1 < n end) |> List.last()

    case open do
      nil -> :ok
      {{a, _}, at} -> ways(folder, Enum.take(answers, at) ++ [a + 1], done + 1)
    end
  end

  defp run(folder) do
    before = MapSet.new(:code.all_loaded(), &elem(&1, 0))
    main = Path.join(folder, "main.exs")
    others = Path.wildcard(folder <> "/**/*.ex")

    task =
      Task.async(fn ->
        File.cd!(folder)

        try do
          if others != [] do
            {:ok, _, _} = Kernel.ParallelCompiler.compile(others)
          end

          Code.eval_string(File.read!(main), [], file: main)
          nil
        rescue
          e -> inspect(e.__struct__)
        catch
          :throw, _ -> "throw"
          :exit, _ -> "exit"
        end
      end)

    out = Task.await(task, 60_000)

    for {module, _} <- :code.all_loaded(), not MapSet.member?(before, module), String.starts_with?(inspect(module), "Case") do
      :code.purge(module)
      :code.delete(module)
      :code.purge(module)
    end

    out
  end
end

[folder] = System.argv()
Code.compiler_options(ignore_module_conflict: true)
{:ok, _} = Agent.start_link(fn -> nil end, name: Judge)

for one <- folder |> File.ls!() |> Enum.sort() do
  Judge.program(Path.join(folder, one))
end
