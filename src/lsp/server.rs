//! The loop: takes messages in order, checks once for all changes that have piled up, answers from the last check.

use std::collections::BTreeSet;
use std::path::PathBuf;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, GotoDefinition, HoverRequest, Request as _,
    WorkspaceSymbolRequest,
};
use lsp_types::{
    CodeActionParams, CodeActionProviderCapability, CompletionOptions, CompletionParams, CompletionResponse,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentSymbolParams,
    DocumentSymbolResponse, GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverContents, HoverParams,
    HoverProviderCapability, InitializeParams, MarkupContent, MarkupKind, OneOf, SaveOptions,
    ServerCapabilities, TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions, Uri, WorkspaceSymbolParams,
    WorkspaceSymbolResponse,
};
use serde_json::Value;

use super::diagnostics::{self, ByFile};
use super::overlay::{self, Buffers, Kept, Overlay};
use super::position::{listed, location, of_path, offset, path};
use super::{Disk, actions, completion, lookup, symbols};
use crate::check::{self, Report, Runs, Sides};
use crate::config::Options;
use crate::report::{explain, history, object};
use crate::source::{FileId, Files};

/// Anything that ends the service.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// What is known after a check.
struct Checked {
    files: Files,
    buffers: Buffers,
    runs: Runs,
    report: Report,
}

struct Server<'a> {
    connection: &'a Connection,
    disk: &'a dyn Disk,
    root: PathBuf,
    kept: Option<(Kept, Vec<String>)>,
    /// The disk is to be listed anew.
    stale: bool,
    /// The disk was listed since the last check.
    relisted: bool,
    /// The check before the last one, which is taken apart once the answer is out.
    past: Option<Checked>,
    /// What changed on the disk since the last check.
    rewritten: BTreeSet<String>,
    buffers: Buffers,
    checked: Option<Checked>,
    shown: ByFile,
}

/// Serves until the client says good-bye.
pub(super) fn run(connection: &Connection, disk: &dyn Disk) -> Result<(), Broken> {
    let parameters = connection.initialize(serde_json::to_value(capabilities())?)?;
    let parameters: InitializeParams = serde_json::from_value(parameters)?;
    let mut server = Server {
        connection,
        disk,
        root: root(&parameters).unwrap_or_else(|| disk.here()),
        kept: None,
        stale: true,
        relisted: false,
        past: None,
        rewritten: BTreeSet::new(),
        buffers: Buffers::new(),
        checked: None,
        shown: ByFile::new(),
    };
    server.check()?;
    while let Ok(message) = connection.receiver.recv() {
        let mut changed = false;
        let mut next = Some(message);
        // All that has piled up is taken before anything is checked, unless an answer is asked for.
        while let Some(message) = next {
            match message {
                Message::Request(request) => {
                    if connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    if std::mem::take(&mut changed) {
                        server.check()?;
                    }
                    let response = server.answer(request);
                    connection.sender.send(Message::Response(response))?;
                }
                Message::Notification(notification) => changed |= server.take(notification),
                Message::Response(_) => {}
            }
            next = connection.receiver.try_recv().ok();
        }
        if changed {
            server.check()?;
        }
    }
    Ok(())
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions::default())),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(vec![".".to_owned(), "\"".to_owned()]),
            ..CompletionOptions::default()
        }),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

#[allow(deprecated, reason = "clients still send it alone")]
fn root(parameters: &InitializeParams) -> Option<PathBuf> {
    let folders = parameters.workspace_folders.as_deref().unwrap_or_default();
    let folder = folders.first().map(|folder| &folder.uri);
    path(folder.or(parameters.root_uri.as_ref())?)
}

impl Server<'_> {
    /// Takes a notification; whether something is to be checked again.
    fn take(&mut self, notification: Notification) -> bool {
        let Notification { method, params } = notification;
        match method.as_str() {
            DidOpenTextDocument::METHOD => read::<DidOpenTextDocumentParams>(params).is_some_and(|p| {
                self.name(&p.text_document.uri)
                    .map(|name| self.buffers.insert(name, p.text_document.text.into()))
                    .is_some()
            }),
            DidChangeTextDocument::METHOD => {
                read::<DidChangeTextDocumentParams>(params).is_some_and(|p| self.change(p))
            }
            DidCloseTextDocument::METHOD => read::<DidCloseTextDocumentParams>(params).is_some_and(|p| {
                let name = self.name(&p.text_document.uri);
                name.is_some_and(|name| self.buffers.remove(&name).is_some())
            }),
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                self.stale = true;
                true
            }
            _ => false,
        }
    }

    fn change(&mut self, parameters: DidChangeTextDocumentParams) -> bool {
        let Some(name) = self.name(&parameters.text_document.uri) else {
            return false;
        };
        let mut text = self
            .buffers
            .get(&name)
            .map_or(String::new(), |text| text.to_string());
        for change in parameters.content_changes {
            match change.range {
                Some(range) => {
                    let (start, end) = (
                        offset(&text, range.start) as usize,
                        offset(&text, range.end) as usize,
                    );
                    text.replace_range(start.min(end)..end.max(start), &change.text);
                }
                None => text = change.text,
            }
        }
        self.buffers.insert(name, text.into());
        true
    }

    /// The listing's path of a document.
    fn name(&self, uri: &Uri) -> Option<String> {
        listed(&self.root, &path(uri)?)
    }

    /// Checks everything as it stands now, and shows what is found.
    fn check(&mut self) -> Result<(), Broken> {
        let now = self.look();
        for publication in diagnostics::publication(&self.shown, &now) {
            let notification = Notification::new(PublishDiagnostics::METHOD.to_owned(), publication);
            self.connection.sender.send(Message::Notification(notification))?;
        }
        self.shown = now;
        if let Some(past) = self.past.take() {
            // It takes a while, in which the next change may come.
            rayon::spawn(move || drop(past));
        }
        Ok(())
    }

    fn look(&mut self) -> ByFile {
        let here = of_path(&self.root);
        let say = |what: &str, help: &str| {
            here.clone()
                .map_or_else(ByFile::new, |uri| diagnostics::of_misuse(uri, what, help))
        };
        if let Err(why) = self.list() {
            return say("the folder cannot be listed", &why);
        }
        let Some((kept, above)) = &self.kept else {
            return ByFile::new();
        };
        let (mut files, changed) = self.files(kept);
        let mut options = Options::default();
        if let Err(flaws) = check::configure(&mut files, &mut options, above.clone()) {
            return diagnostics::of_flaws(&self.root, &files, &flaws);
        }
        if let Some(before) = &self.checked
            && changed.iter().all(|path| check::is_of_programs(path))
        {
            files.take_over(&before.files, &changed);
        }
        let runs = check::run(&files, &options, Sides::Both);
        let both = runs.and_then(|runs| check::report(&files, &options, &runs).map(|report| (runs, report)));
        match both {
            Ok((runs, report)) => {
                let out = diagnostics::of_findings(&self.root, &files, &report.findings);
                self.rewritten.clear();
                self.relisted = false;
                self.past = self.checked.replace(Checked {
                    files,
                    buffers: self.buffers.clone(),
                    runs,
                    report,
                });
                out
            }
            Err(misuse) => say(&misuse.what, &misuse.help),
        }
    }

    /// Lists the disk, where it may have changed.
    fn list(&mut self) -> Result<(), String> {
        if !std::mem::take(&mut self.stale) && self.kept.is_some() {
            return Ok(());
        }
        let listing = self.disk.list(&self.root).inspect_err(|_| self.stale = true)?;
        let kept = match &self.kept {
            Some((before, _)) => {
                let (kept, changed) = before.anew(listing.system);
                self.rewritten.extend(changed);
                kept
            }
            None => Kept::new(listing.system),
        };
        self.kept = Some((kept, listing.above));
        self.relisted = true;
        Ok(())
    }

    /// The files as they stand now, and those that are not what they were at the last check. What was read then is kept.
    fn files(&self, kept: &Kept) -> (Files, BTreeSet<String>) {
        let overlay = Overlay {
            kept: kept.clone(),
            buffers: self.buffers.clone(),
        };
        let anew = || Files::new(overlay.clone()).lasting();
        let Some(before) = &self.checked else {
            return (anew(), BTreeSet::new());
        };
        if self.relisted || !before.buffers.keys().eq(self.buffers.keys()) {
            let files = anew();
            if !before.files.lists_as(&files) {
                return (files, BTreeSet::new());
            }
        }
        let mut changed = overlay::changed(&before.buffers, &self.buffers);
        changed.extend(self.rewritten.iter().cloned());
        (before.files.next(overlay, &changed), changed)
    }

    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = match method.as_str() {
            HoverRequest::METHOD => {
                read(params).map(|p: HoverParams| json(&self.hover(&p.text_document_position_params)))
            }
            GotoDefinition::METHOD => read(params)
                .map(|p: GotoDefinitionParams| json(&self.definition(&p.text_document_position_params))),
            CodeActionRequest::METHOD => read(params).map(|p: CodeActionParams| json(&self.actions(&p))),
            Completion::METHOD => {
                read(params).map(|p: CompletionParams| json(&self.completion(&p.text_document_position)))
            }
            DocumentSymbolRequest::METHOD => {
                read(params).map(|p: DocumentSymbolParams| json(&self.symbols(&p)))
            }
            WorkspaceSymbolRequest::METHOD => {
                read(params).map(|p: WorkspaceSymbolParams| json(&self.named(&p.query)))
            }
            other => {
                let message = format!("{other} is not served");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        match answer {
            Some(answer) => Response::new_ok(id, answer),
            None => Response::new_err(
                id,
                ErrorCode::InvalidParams as i32,
                format!("{method}: the parameters do not fit"),
            ),
        }
    }

    /// The last check and the place in it.
    fn at(&self, place: &TextDocumentPositionParams) -> Option<(&Checked, FileId, u32)> {
        let checked = self.checked.as_ref()?;
        let file = checked.files.find(&self.name(&place.text_document.uri)?)?;
        Some((checked, file, offset(&checked.files.text(file), place.position)))
    }

    fn hover(&self, place: &TextDocumentPositionParams) -> Option<Hover> {
        let (checked, file, at) = self.at(place)?;
        let files = &checked.files;
        let mut text = String::new();
        for declared in lookup::declared(&checked.runs, files, file, at) {
            let (Some(outcome), Some(found)) = (declared.run.replayed.outcome.as_ref(), declared.object())
            else {
                text.push_str("no migration that could be followed makes it\n");
                continue;
            };
            text.push_str(&explain::heading(&checked.runs.runs, declared.run));
            text.push_str(&explain::database_side(declared.run, files, found));
            text.push_str(&history::changes(found, outcome, files));
        }
        if text.is_empty() {
            for run in &checked.runs.runs {
                let Some(outcome) = &run.replayed.outcome else {
                    continue;
                };
                for found in lookup::made_at(run, file, at).into_iter().take(MOST_HOVERED) {
                    let models = lookup::models_of(run, found);
                    let names: Vec<String> = models.iter().map(|d| d.model.name.to_string()).collect();
                    let of = if names.is_empty() {
                        "no model".to_owned()
                    } else {
                        names.join(", ")
                    };
                    text.push_str(&format!("{}: {of}\n", object::name(&outcome.schema, found)));
                }
            }
        }
        (!text.is_empty()).then(|| Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value: format!("```text\n{}```\n", text.replace("```", "'''")),
            }),
            range: None,
        })
    }

    /// From a field to the line that last set its column, and back.
    fn definition(&self, place: &TextDocumentPositionParams) -> Option<GotoDefinitionResponse> {
        let (checked, file, at) = self.at(place)?;
        let files = &checked.files;
        let declared = lookup::declared(&checked.runs, files, file, at);
        let mut spans: Vec<_> = declared
            .iter()
            .filter_map(|d| lookup::last_change(d.run, d.object()?))
            .collect();
        if declared.is_empty() {
            for run in &checked.runs.runs {
                for object in lookup::made_at(run, file, at) {
                    let models = lookup::models_of(run, object);
                    spans.extend(models.iter().map(|d| d.field.map_or(d.model.span, |f| f.span)));
                }
            }
        }
        spans.sort();
        spans.dedup();
        let places: Vec<_> = spans
            .into_iter()
            .filter_map(|span| location(&self.root, files, span))
            .collect();
        (!places.is_empty()).then_some(GotoDefinitionResponse::Array(places))
    }

    fn actions(&self, parameters: &CodeActionParams) -> Vec<lsp_types::CodeActionOrCommand> {
        let Some(checked) = &self.checked else {
            return Vec::new();
        };
        let uri = &parameters.text_document.uri;
        let Some(file) = self.name(uri).and_then(|name| checked.files.find(&name)) else {
            return Vec::new();
        };
        let shown = &parameters.context.diagnostics;
        actions::actions(
            &self.root,
            &checked.files,
            &checked.report.findings,
            (file, uri),
            shown,
        )
    }

    fn completion(&self, place: &TextDocumentPositionParams) -> Option<CompletionResponse> {
        let (checked, file, at) = self.at(place)?;
        let text = checked.files.text(file);
        Some(CompletionResponse::Array(completion::items(
            &checked.runs,
            file,
            &text,
            at,
        )))
    }

    fn symbols(&self, parameters: &DocumentSymbolParams) -> Option<DocumentSymbolResponse> {
        let checked = self.checked.as_ref()?;
        let file = checked.files.find(&self.name(&parameters.text_document.uri)?)?;
        let found = symbols::of_file(&self.root, &checked.runs, &checked.files, file);
        Some(DocumentSymbolResponse::Flat(found))
    }

    fn named(&self, query: &str) -> Option<WorkspaceSymbolResponse> {
        let checked = self.checked.as_ref()?;
        Some(WorkspaceSymbolResponse::Flat(symbols::named(
            &self.root,
            &checked.runs,
            &checked.files,
            query,
        )))
    }
}

/// Objects of one statement that a hover names at the most.
const MOST_HOVERED: usize = 20;

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
