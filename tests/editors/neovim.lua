-- Drives the server from Neovim itself, without a screen. What it sees goes to the file that SEEN names, as JSON:
-- the diagnostics of the model as it lies on the disk, those after an edit that is not saved, a hover, a definition.

local seen = {}
local function finish(problem)
  seen.problem = problem
  local file = assert(io.open(vim.env.SEEN, "w"))
  file:write((vim.json or vim.fn).encode and vim.json.encode(seen) or vim.fn.json_encode(seen))
  file:close()
  vim.cmd("qall!")
end

local ok, problem = pcall(function()
  vim.o.swapfile = false
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.MODEL))
  local buffer = vim.api.nvim_get_current_buf()
  local client = assert(vim.lsp.start_client({
    name = "schemalign",
    cmd = { vim.env.SCHEMALIGN, "lsp" },
    root_dir = vim.fn.getcwd(),
  }))
  vim.lsp.buf_attach_client(buffer, client)

  local function diagnostics()
    local out = {}
    for _, each in ipairs(vim.diagnostic.get(buffer)) do
      table.insert(out, { line = each.lnum, column = each.col, code = each.code, message = each.message, severity = each.severity })
    end
    return out
  end
  local function wait(what, condition)
    assert(vim.wait(60000, condition, 20), "no " .. what .. " within a minute")
  end
  local function ask(method, line, column)
    local answers = assert(vim.lsp.buf_request_sync(buffer, method, {
      textDocument = vim.lsp.util.make_text_document_params(buffer),
      position = { line = line, character = column },
    }, 60000))
    return answers[client] and answers[client].result
  end

  wait("diagnostics", function() return #diagnostics() > 0 end)
  seen.first = diagnostics()
  for _, each in ipairs(seen.first) do
    if each.code == "type-mismatch" then
      local field = #vim.api.nvim_buf_get_lines(buffer, each.line, each.line + 1, false)[1]:match("^%s*")
      seen.hover = ask("textDocument/hover", each.line, field)
      seen.definition = ask("textDocument/definition", each.line, field)
      break
    end
  end
  local at = seen.first[1]

  -- An empty line above moves them all; the file is not written.
  vim.api.nvim_buf_set_lines(buffer, 0, 0, false, { "" })
  wait("moved diagnostics", function()
    local now = diagnostics()
    return #now == #seen.first and now[1].line == at.line + 1
  end)
  seen.moved = diagnostics()
  -- Without any text there is nothing to disagree with.
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
  wait("empty diagnostics", function() return #diagnostics() == 0 end)
end)
finish(not ok and tostring(problem) or nil)
