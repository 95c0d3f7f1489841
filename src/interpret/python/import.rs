//! Imports: modules of the repository run as Python runs them, once each; everything else is a library's.

use super::dotted;
use smol_str::SmolStr;

use super::flow::Flow;
use super::frame::Frame;
use super::heap::ScopeKind;
use super::library::Library;
use super::machine::{Lost, Machine, Run, Stop};
use super::modules::ModuleId;
use super::standard;
use super::value::{ObjectId, Value};
use super::world::Loaded;
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span};
use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Ranged, TextRange, ast};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Imports a module as Python would: its packages first, each once. The module.
    ///
    /// # Errors
    /// Where a budget is used up before it begins. What fails in it is noted, and the rest of it still run.
    pub fn run_module(&mut self, module: ModuleId) -> Run<'a, Value<'a>> {
        let at = Span::new(self.modules.get(module).file, 0, 0);
        self.load_with_packages(module, at)
    }

    /// Runs a file by its path, as a migration or script is loaded, under a name. The module.
    ///
    /// # Errors
    /// Where it raises an exception, or a budget is used up.
    pub fn run_file(&mut self, file: FileId, name: &str) -> Run<'a, Value<'a>> {
        let at = Span::new(file, 0, 0);
        let Some(module) = self.modules.of_file(file) else {
            return Err(Stop::Exhausted(at, "is no Python file"));
        };
        if self.world.modules.contains_key(&module) {
            return Ok(Value::Module(module));
        }
        self.entry(|machine| machine.run_namespace(module, name, at, false))?;
        Ok(Value::Module(module))
    }

    fn load_with_packages(&mut self, module: ModuleId, at: Span) -> Run<'a, Value<'a>> {
        let path = self.modules.get(module);
        let mut packages = Vec::new();
        let mut folder = path.folder();
        if path.is_package() {
            folder = super::modules::parent(folder);
        }
        while !folder.is_empty() {
            match self.modules.below_root(folder, "") {
                Some(package) => packages.push(package),
                None if self.modules.is_namespace(folder) => {}
                None => break,
            }
            folder = super::modules::parent(folder);
        }
        for package in packages.into_iter().rev() {
            self.load(package, at)?;
        }
        self.load(module, at)
    }

    /// Runs a module, unless it has run.
    pub(super) fn load(&mut self, module: ModuleId, at: Span) -> Run<'a, Value<'a>> {
        if self.world.modules.contains_key(&module) {
            return Ok(Value::Module(module));
        }
        let name = self.modules.dotted(module);
        let run = self.entry(|machine| machine.run_namespace(module, &name, at, true));
        match run {
            Ok(()) => Ok(Value::Module(module)),
            Err(Stop::Exhausted(place, why)) => {
                let gap = self.gap(place, why);
                self.note(&gap);
                self.open_namespace(module, gap);
                Ok(Value::Module(module))
            }
            Err(stop) => {
                // Python forgets a module whose import fails and begins anew when it is asked for again: what it has then is not known.
                let gap = self.gap(at, "a module of which an import has failed");
                self.open_namespace(module, gap);
                Err(stop)
            }
        }
    }

    fn open_namespace(&mut self, module: ModuleId, gap: Gap) {
        if let Some(scope) = self.namespace(module).and_then(|id| self.scope_mut(id)) {
            scope.open.get_or_insert(gap);
        }
    }

    fn run_namespace(&mut self, module: ModuleId, name: &str, at: Span, recover: bool) -> Run<'a, ()> {
        let file = self.modules.get(module).file;
        let start = Span::new(file, 0, 0);
        let scope = self.new_scope(ScopeKind::Module, module, None);
        let loaded = Loaded { scope, done: false };
        std::rc::Rc::make_mut(&mut self.world.modules).insert(module, loaded);
        let path = standard::located(&self.modules.get(module).path);
        let package = if self.modules.get(module).is_package() {
            name.to_owned()
        } else {
            name.rsplit_once('.').map_or("", |(p, _)| p).to_owned()
        };
        self.bind_in(scope, "__name__", Value::text(name, start));
        self.bind_in(scope, "__file__", Value::text(&path, start));
        self.bind_in(scope, "__package__", Value::text(&package, start));
        self.bind_in(scope, "__doc__", Value::None);
        if self.modules.get(module).is_package() {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folders = self.new_list(vec![Value::text(folder, start)]);
            self.bind_in(scope, "__path__", folders);
        }
        let parsed = self.modules.parsed(module);
        let unread = match self.modules.files().read(file) {
            Err(error) => Some(Gap::new(at, error.0.clone(), Reach::Rows)),
            Ok(_) => parsed
                .refused
                .as_ref()
                .or(parsed.errors.first())
                .map(|(why, place)| self.gap(*place, format!("is no Python that can be read: {why}"))),
        };
        if let Some(gap) = unread {
            self.note(&gap);
            self.open_namespace(module, gap);
        }
        let mut frame = Frame::new(module, scope, start);
        frame.call = (!self.frames.is_empty()).then_some(at);
        let out = self.deeper(at, |machine| {
            machine.within(frame, |machine| {
                machine.run_statements(&parsed.body.body, scope, recover)
            })
        });
        if let Some(loaded) = std::rc::Rc::make_mut(&mut self.world.modules).get_mut(&module) {
            loaded.done = true;
        }
        out
    }

    /// The statements of a module. An exception that nothing outside could catch is taken to be a mistake of this reading, because
    /// the program is known to run: the names of its statement are unknown, and the rest is run.
    fn run_statements(&mut self, body: &'a [ast::Stmt], scope: ObjectId, recover: bool) -> Run<'a, ()> {
        let mark = self.parked.len();
        for statement in body {
            let flow = self.exec_of_module(statement);
            match flow {
                Flow::Normal | Flow::Break | Flow::Continue | Flow::Return(_) => {}
                // What is too large or too deep is unknown; the rest can still be run.
                Flow::Exhausted(at, why) if recover && !self.budget.is_exhausted() => {
                    self.parked.truncate(mark);
                    let gap = self.gap(at, why);
                    self.note(&gap);
                    self.lose(statement.range(), &gap);
                    for name in bound_names(statement) {
                        self.bind_in(scope, &name, Value::unknown(gap.reaching(Reach::Everything)));
                    }
                }
                Flow::Exhausted(at, why) => {
                    let gap = self.gap(at, why);
                    let rest = body
                        .last()
                        .map_or(statement.range(), |last| statement.range().cover(last.range()));
                    self.lose(rest, &gap);
                    return Err(Stop::Exhausted(at, why));
                }
                Flow::Raise(raised) => {
                    if !recover || self.handlers > 0 {
                        return Err(Stop::Raised(raised));
                    }
                    let what = self.display(&raised.exception);
                    let gap = self.gap(raised.span, format!("raises {what}"));
                    self.note(&gap);
                    self.lose(statement.range(), &gap);
                    for name in bound_names(statement) {
                        self.bind_in(scope, &name, Value::unknown(gap.reaching(Reach::Everything)));
                    }
                }
            }
        }
        Ok(())
    }

    fn lose(&mut self, range: TextRange, gap: &Gap) {
        let span = self.span(range);
        let gap = gap.clone();
        self.lost.push(Lost { span, gap });
    }

    /// `import a.b as c, d`.
    pub(super) fn import_statement(&mut self, s: &'a ast::StmtImport) -> Run<'a, ()> {
        for alias in &s.names {
            let at = self.span(alias.range());
            let dotted = alias.name.as_str();
            let whole = self.import_dotted(dotted, at)?;
            match &alias.asname {
                Some(name) => self.bind_name(name, whole, at),
                None => {
                    let top = dotted::first(dotted);
                    let value = if top == dotted {
                        whole
                    } else {
                        self.import_dotted(top, at)?
                    };
                    self.bind_name(top, value, at);
                }
            }
        }
        Ok(())
    }

    /// The module that an absolute name means; it and its packages have run.
    pub fn import_dotted(&mut self, dotted: &str, at: Span) -> Run<'a, Value<'a>> {
        match self.modules.root_of(self.module(), dotted) {
            Some(root) => self.import_below(&root, dotted, dotted, at),
            None => {
                // A member of the repository's own top package that is not there (generated, ignored).
                let top = dotted::first(dotted);
                if top != dotted && self.modules.root_of(self.module(), top).is_some() {
                    return Ok(self.missing_module(dotted, at));
                }
                Ok(self.path(dotted, at))
            }
        }
    }

    fn missing_module(&mut self, dotted: &str, at: Span) -> Value<'a> {
        let gap = self.gap(at, format!("the module `{dotted}` is not in the repository"));
        self.note(&gap);
        self.unloaded.get_or_insert_with(|| gap.clone());
        let path = self.path("builtins.ModuleNotFoundError", at);
        let exception = self.call_term(path, super::value::Args::default(), at);
        self.may_raise(Some(exception), &gap, at);
        // It is code, which may do anything where it is called.
        Value::unknown(gap.reaching(Reach::Everything))
    }

    /// The module `dotted` below a folder; `name` is what it is called in messages.
    fn import_below(&mut self, root: &str, dotted: &str, name: &str, at: Span) -> Run<'a, Value<'a>> {
        let mut value = None;
        let mut prefix = String::new();
        for part in dotted.split('.') {
            if !prefix.is_empty() {
                prefix.push('.');
            }
            prefix.push_str(part);
            value = match self.modules.below_root(root, &prefix) {
                Some(module) => Some(self.load(module, at)?),
                None => None,
            };
        }
        if let Some(value) = value {
            return Ok(value);
        }
        if self.modules.is_folder_of_modules(root, dotted) {
            return Ok(self.path(name, at));
        }
        Ok(self.missing_module(name, at))
    }

    /// `from module import names`.
    pub(super) fn import_from(&mut self, s: &'a ast::StmtImportFrom, at: Span) -> Run<'a, ()> {
        let dotted = s.module.as_ref().map_or("", |m| m.as_str());
        let (from, root) = if s.level == 0 {
            let root = self.modules.root_of(self.module(), dotted);
            let names: Vec<&str> = s.names.iter().map(|alias| alias.name.as_str()).collect();
            if root.is_none()
                && let Some(root) = self.modules.renamed(dotted, &names)
            {
                (self.import_below(&root, dotted, dotted, at)?, Some(root))
            } else {
                (self.import_dotted(dotted, at)?, root)
            }
        } else {
            let Some(own) = self.module() else { return Ok(()) };
            let Some(folder) = self.modules.relative(own, s.level) else {
                let gap = self.gap(at, "the import leads out of the repository");
                for alias in &s.names {
                    self.bind_alias(alias, Value::unknown(gap.clone()));
                }
                return Ok(());
            };
            let from = if dotted.is_empty() {
                match self.modules.below_root(&folder, "") {
                    Some(package) => self.load(package, at)?,
                    None => self.path(".", at),
                }
            } else {
                self.import_below(&folder, dotted, dotted, at)?
            };
            (from, Some(folder))
        };
        for alias in &s.names {
            if alias.name.as_str() == "*" {
                self.import_star(&from, at)?;
                continue;
            }
            let place = self.span(alias.range());
            let value = self.imported(&from, root.as_deref(), dotted, alias.name.as_str(), place)?;
            self.bind_alias(alias, value);
        }
        Ok(())
    }

    fn bind_alias(&mut self, alias: &ast::Alias, value: Value<'a>) {
        let at = self.span(alias.range());
        let name = alias.asname.as_ref().unwrap_or(&alias.name);
        self.bind_name(name, value, at);
    }

    /// One name of `from ... import`: of the module's namespace, or a module inside of the package.
    fn imported(
        &mut self,
        from: &Value<'a>,
        root: Option<&str>,
        dotted: &str,
        name: &str,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let inner = |machine: &Self| {
            let dotted = if dotted.is_empty() {
                name.to_owned()
            } else {
                format!("{dotted}.{name}")
            };
            machine.modules.below_root(root?, &dotted)
        };
        match from {
            Value::Module(module) => {
                let bound = self
                    .namespace(*module)
                    .and_then(|id| self.scope(id))
                    .and_then(|s| s.names.get(name))
                    .cloned();
                if let Some(slot) = bound {
                    return Ok(slot.value);
                }
                if self.modules.get(*module).is_package()
                    && let Some(inner) = inner(self)
                {
                    return self.load(inner, at);
                }
                match self.attribute_if_any(from, name, at)? {
                    Some(value) => Ok(value),
                    None => {
                        let why = format!("cannot import name '{name}'");
                        Err(self.raise("builtins.ImportError", &why, at))
                    }
                }
            }
            Value::Term(_) => match inner(self) {
                Some(module) => self.load(module, at),
                None if root.is_some() && from.as_path().is_some() => {
                    let name = format!("{}.{name}", from.as_path().unwrap_or_default());
                    Ok(self.missing_module(name.trim_start_matches('.'), at))
                }
                None => self.attribute(from, name, at),
            },
            _ => self.attribute(from, name, at),
        }
    }

    fn import_star(&mut self, from: &Value<'a>, at: Span) -> Run<'a, ()> {
        let Some(own) = self.frames.last().map(|f| f.scope) else {
            return Ok(());
        };
        match from {
            Value::Module(module) => {
                let Some(scope) = self.namespace(*module).and_then(|id| self.scope(id)).cloned() else {
                    return Ok(());
                };
                let all = scope.names.get("__all__").map(|s| s.value.clone());
                let listed = all.as_ref().and_then(|all| self.known_items(all));
                if let Some(listed) = listed {
                    for name in listed.iter().filter_map(Value::as_str) {
                        let root = self.modules.get(*module).folder().to_owned();
                        let value = self.imported(from, Some(&root), "", name, at)?;
                        self.bind_name(name, value, at);
                    }
                    return Ok(());
                }
                for (name, slot) in scope.names.iter() {
                    if !name.starts_with('_')
                        && let Some(own) = self.scope_mut(own)
                    {
                        own.names.set(name.clone(), slot.clone());
                    }
                }
                let open = scope
                    .open
                    .clone()
                    .or_else(|| all.map(|_| self.gap(at, "`__all__` cannot be told")));
                if let Some(own) = self.scope_mut(own) {
                    own.stars.extend(scope.stars.iter().cloned());
                    own.open = own.open.take().or(open);
                }
            }
            Value::Term(_) => {
                if let (Some(path), Some(own)) = (from.as_path(), self.scope_mut(own)) {
                    own.stars.push(SmolStr::new(path));
                }
            }
            _ => {
                let gap = self.gap(at, "the names of an unknown module are imported");
                if let Some(own) = self.scope_mut(own) {
                    own.open.get_or_insert(gap);
                }
            }
        }
        Ok(())
    }
}

/// The names that a statement binds in its own scope.
fn bound_names(statement: &ast::Stmt) -> Vec<String> {
    #[derive(Default)]
    struct Names(Vec<String>);
    impl<'s> Visitor<'s> for Names {
        fn visit_stmt(&mut self, statement: &'s ast::Stmt) {
            match statement {
                ast::Stmt::FunctionDef(s) => self.0.push(s.name.to_string()),
                ast::Stmt::ClassDef(s) => self.0.push(s.name.to_string()),
                ast::Stmt::Import(s) => {
                    for alias in &s.names {
                        let name = alias.asname.as_ref().unwrap_or(&alias.name);
                        self.0.push(dotted::first(name).to_owned());
                    }
                }
                ast::Stmt::ImportFrom(s) => {
                    for alias in &s.names {
                        self.0
                            .push(alias.asname.as_ref().unwrap_or(&alias.name).to_string());
                    }
                }
                _ => walk_stmt(self, statement),
            }
        }
        fn visit_expr(&mut self, expression: &'s ast::Expr) {
            match expression {
                ast::Expr::Name(name) if name.ctx == ast::ExprContext::Store => {
                    self.0.push(name.id.to_string());
                }
                ast::Expr::Lambda(_) => {}
                _ => walk_expr(self, expression),
            }
        }
    }
    let mut names = Names::default();
    names.visit_stmt(statement);
    names.0
}
