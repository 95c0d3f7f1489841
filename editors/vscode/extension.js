// Starts `schemalign lsp` for the workspace and hands it every file that may be a model or a migration.

const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** What the server reads; other languages never reach it. */
const LANGUAGES = ["elixir", "prisma", "python", "sql"];

/** @type {LanguageClient | undefined} */
let client;

async function start() {
  const command = workspace.getConfiguration("schemalign").get("path") || "schemalign";
  client = new LanguageClient(
    "schemalign",
    "schemalign",
    { command, args: ["lsp"] },
    {
      documentSelector: LANGUAGES.map((language) => ({ scheme: "file", language })),
      synchronize: {
        fileEvents: workspace.createFileSystemWatcher(
          "**/{*.{prisma,sql,py,ex,exs,toml},alembic.ini,mix.lock,schemalign-baseline.txt}",
        ),
      },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const answer = await window.showErrorMessage(
      `schemalign could not be started as "${command}": ${error.message ?? error}. ` +
        "Install it (`cargo install schemalign`), or say where it is in the setting schemalign.path.",
      "Open the setting",
    );
    if (answer) {
      await commands.executeCommand("workbench.action.openSettings", "schemalign.path");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand("schemalign.restart", async () => {
      await stop();
      await start();
    }),
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("schemalign.path")) {
        await stop();
        await start();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
