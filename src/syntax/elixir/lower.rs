//! From the concrete tree of the parser to quoted forms.

use std::sync::Arc;

use smol_str::SmolStr;
use tree_sitter::Node;

use super::form::{Call, Callee, Form, FormKind, Part, Sigil};
use super::quoted;
use crate::source::{FileId, Span};

/// How deep forms may be nested in each other.
const MAX_DEPTH: u32 = 800;
const RED_ZONE: usize = 128 << 10;
const STACK: usize = 2 << 20;
/// Errors that are told.
const MAX_ERRORS: usize = 200;

const UNREAD: &str = "source that could not be read";

/// One walk over a file.
pub(super) struct Lowering<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    pub(super) errors: Vec<(String, Span)>,
    depth: u32,
}

/// A node and the field that it stands in.
type Child<'t> = (Option<&'t str>, Node<'t>);

impl<'t> Lowering<'t> {
    pub(super) fn new(file: FileId, text: &'t str) -> Self {
        Lowering {
            file,
            text,
            errors: Vec::new(),
            depth: 0,
        }
    }

    pub(super) fn span(&self, node: Node<'_>) -> Span {
        Span::new(self.file, node.start_byte(), node.end_byte())
    }

    pub(super) fn slice(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    fn error(&mut self, node: Node<'_>, what: &str) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push((what.to_owned(), self.span(node)));
        }
    }

    fn gap(&mut self, node: Node<'_>) -> Form {
        self.error(node, UNREAD);
        Form::new(self.span(node), FormKind::Gap(UNREAD))
    }

    /// Children without comments, each with its field.
    pub(super) fn children(&self, node: Node<'t>) -> Vec<Child<'t>> {
        let mut out = Vec::with_capacity(node.child_count() as usize);
        let mut cursor = node.walk();
        if cursor.goto_first_child() {
            loop {
                let child = cursor.node();
                if !child.is_extra() || child.is_error() {
                    out.push((cursor.field_name(), child));
                }
                if !cursor.goto_next_sibling() {
                    break;
                }
            }
        }
        out
    }

    /// The whole file.
    pub(super) fn file(&mut self, root: Node<'t>) -> Form {
        let mut forms = Vec::new();
        if root.is_error() {
            self.recover(root, &mut forms);
        } else {
            for (_, child) in self.children(root) {
                self.statement(child, &mut forms);
            }
        }
        Form::call(self.span(root), "__block__", forms)
    }

    /// A form of a block; the forms within an error are kept beside it.
    fn statement(&mut self, node: Node<'t>, out: &mut Vec<Form>) {
        if node.is_error() {
            self.recover(node, out);
        } else if node.is_named() {
            out.push(self.form(node));
        }
    }

    /// What can be read in an error: forms, and modules and definitions whose ends are missing, which take what follows.
    fn recover(&mut self, node: Node<'t>, out: &mut Vec<Form>) {
        if self.depth > MAX_DEPTH {
            out.push(self.gap(node));
            return;
        }
        self.depth += 1;
        out.push(self.gap(node));
        let children = self.children(node);
        let mut index = 0;
        while let Some((_, child)) = children.get(index) {
            index += 1;
            let opens = child.kind() == "identifier" && self.slice(*child) == "defmodule";
            let name = children.get(index).map(|(_, n)| *n);
            let name = name.and_then(|n| match n.kind() {
                "alias" => Some(n),
                "arguments" => n.named_child(0).filter(|n| n.kind() == "alias"),
                _ => None,
            });
            match name {
                Some(name) if opens => {
                    let written = self.form(name);
                    let mut body = Vec::new();
                    for (_, rest) in children.get(index + 1..).unwrap_or(&[]) {
                        self.statement(*rest, &mut body);
                    }
                    let span = self.span(*child).to(self.span(node));
                    let block = Form::call(span, "__block__", body);
                    let block = Form::list(span, vec![pair(span, "do", block)]);
                    out.push(Form::call(span, "defmodule", vec![written, block]));
                    break;
                }
                _ => self.statement(*child, out),
            }
        }
        self.depth -= 1;
    }

    /// Any expression.
    pub(super) fn form(&mut self, node: Node<'t>) -> Form {
        if self.depth >= MAX_DEPTH {
            self.error(node, "nests deeper than is followed");
            return Form::new(
                self.span(node),
                FormKind::Gap("source that nests deeper than is followed"),
            );
        }
        self.depth += 1;
        let out = stacker::maybe_grow(RED_ZONE, STACK, || self.expression(node));
        self.depth -= 1;
        out
    }

    fn expression(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        if node.is_missing() {
            return self.gap(node);
        }
        let kind = match node.kind() {
            "identifier" | "operator_identifier" => FormKind::Variable(SmolStr::new(self.slice(node)), 0),
            "alias" => FormKind::Alias(without_spaces(self.slice(node)), 0),
            "integer" => integer(self.slice(node)),
            "float" => {
                let text = self.slice(node).replace('_', "");
                text.parse()
                    .map_or_else(|_| FormKind::Number(SmolStr::new(&text)), FormKind::Float)
            }
            "char" => quoted::char(self.slice(node)),
            "boolean" | "nil" => FormKind::Atom(SmolStr::new(self.slice(node))),
            "atom" => FormKind::Atom(SmolStr::new(self.slice(node).trim_start_matches(':'))),
            "quoted_atom" => atom(self.quoted(node, true)),
            "string" => text(self.quoted(node, true), span),
            "charlist" => FormKind::Charlist(self.quoted(node, true).into()),
            "sigil" => self.sigil(node),
            "list" => FormKind::List(self.items(node, true).into()),
            "tuple" => FormKind::Tuple(self.items(node, false).into()),
            "keywords" => FormKind::List(self.pairs(node).into()),
            "bitstring" => return Form::call(span, "<<>>", self.items(node, false)),
            "map" => return self.map(node),
            "unary_operator" => return self.unary(node),
            "binary_operator" => return self.binary(node),
            "dot" => return self.dot(node),
            "call" => return self.call(node),
            "access_call" => return self.access(node),
            "block" => return self.block(node),
            "body" => return self.body(node),
            "anonymous_function" => {
                let clauses = self.clauses(node);
                return Form::call(span, "fn", clauses);
            }
            "stab_clause" => return self.clause(node),
            _ => return self.gap(node),
        };
        Form::new(span, kind)
    }

    /// Expressions of brackets or arguments. Keywords at the end are items of a list, and one list among the items of anything else.
    fn items(&mut self, node: Node<'t>, flat: bool) -> Vec<Form> {
        let mut out = Vec::new();
        for (_, child) in self.children(node) {
            if child.kind() == "keywords" && flat {
                out.extend(self.pairs(child));
            } else if child.is_error() {
                out.push(self.gap(child));
            } else if child.is_named() {
                out.push(self.form(child));
            }
        }
        out
    }

    fn pairs(&mut self, node: Node<'t>) -> Vec<Form> {
        let mut out = Vec::new();
        for (_, child) in self.children(node) {
            if child.kind() == "pair" {
                out.push(self.pair(child));
            } else if child.is_error() {
                out.push(self.gap(child));
            }
        }
        out
    }

    fn pair(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let (mut key, mut value) = (None, None);
        for (field, child) in self.children(node) {
            match (field, child.kind()) {
                (_, "keyword") => {
                    let name = self.slice(child).trim_end().trim_end_matches(':');
                    key = Some(Form::atom(self.span(child), name));
                }
                (_, "quoted_keyword") => {
                    let kind = atom(self.quoted(child, true));
                    key = Some(Form::new(self.span(child), kind));
                }
                (Some("value"), _) => value = Some(self.form(child)),
                _ if child.is_error() => value = Some(self.gap(child)),
                _ => {}
            }
        }
        let gap = || Form::new(span, FormKind::Gap(UNREAD));
        let items = [key.unwrap_or_else(gap), value.unwrap_or_else(gap)];
        Form::new(span, FormKind::Tuple(Arc::from(items)))
    }

    fn map(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let (mut name, mut items) = (None, Vec::new());
        for (_, child) in self.children(node) {
            match child.kind() {
                "struct" => name = child.named_child(0).map(|n| self.form(n)),
                "map_content" => items = self.items(child, true),
                _ if child.is_error() => items.push(self.gap(child)),
                _ => {}
            }
        }
        let mut items = items.into_iter().map(entry);
        let mut args: Vec<Form> = Vec::new();
        if let Some(first) = items.next() {
            if let Some([base, more]) = first.args_of("|") {
                let mut pairs: Vec<Form> = match more.as_list() {
                    Some(pairs) => pairs.to_vec(),
                    None => vec![entry(more.clone())],
                };
                pairs.extend(items);
                let list = Form::list(first.span, pairs);
                args.push(Form::call(first.span, "|", vec![base.clone(), list]));
            } else {
                args.push(first);
                args.extend(items);
            }
        }
        let map = Form::call(span, "%{}", args);
        match name {
            Some(name) => Form::call(span, "%", vec![name, map]),
            None => map,
        }
    }

    fn unary(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let (mut operator, mut operand) = ("", None);
        for (field, child) in self.children(node) {
            match field {
                Some("operator") => operator = self.slice(child),
                Some("operand") if child.is_named() => operand = Some(self.form(child)),
                _ if child.is_error() => operand = Some(self.gap(child)),
                _ => {}
            }
        }
        let operand = operand.unwrap_or_else(|| self.gap(node));
        Form::call(span, operator, vec![operand])
    }

    fn binary(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let (mut operator, mut sides) = ("", Vec::with_capacity(2));
        for (field, child) in self.children(node) {
            match field {
                Some("operator") => operator = self.slice(child),
                Some(_) if child.is_named() => sides.push(self.form(child)),
                _ if child.is_error() => sides.push(self.gap(child)),
                _ => {}
            }
        }
        let right = sides.pop().unwrap_or_else(|| self.gap(node));
        let left = sides.pop().unwrap_or_else(|| self.gap(node));
        if operator.starts_with("not") {
            return Form::call(span, "not", vec![Form::call(span, "in", vec![left, right])]);
        }
        match (operator, left.args_of("..")) {
            ("//", Some([first, last])) => Form::call(span, "..//", vec![first.clone(), last.clone(), right]),
            _ => Form::call(span, operator, vec![left, right]),
        }
    }

    /// `left.Alias`, `left.{A, B}`.
    fn dot(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let (mut left, mut right) = (None, None);
        for (field, child) in self.children(node) {
            match field {
                Some("left") => left = Some(self.form(child)),
                Some("right") => right = Some(child),
                _ => {}
            }
        }
        let (Some(left), Some(right)) = (left, right) else {
            return self.gap(node);
        };
        match right.kind() {
            "tuple" => {
                let args = self.items(right, true);
                remote(span, left, "{}", args, self.span(right), true)
            }
            "alias" => {
                let name = without_spaces(self.slice(right));
                match &left.kind {
                    FormKind::Variable(own, 0) if own == "__MODULE__" => {
                        let name = SmolStr::new(format!("__MODULE__.{name}"));
                        Form::new(span, FormKind::Alias(name, 0))
                    }
                    // Written over several lines.
                    FormKind::Alias(outer, 0) => {
                        let name = SmolStr::new(format!("{outer}.{name}"));
                        Form::new(span, FormKind::Alias(name, 0))
                    }
                    _ => {
                        let name = Form::new(self.span(right), FormKind::Alias(name, 0));
                        Form::call(span, "__aliases__", vec![left, name])
                    }
                }
            }
            _ => self.gap(node),
        }
    }

    fn access(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let mut sides = Vec::new();
        for (field, child) in self.children(node) {
            if field.is_some() && child.is_named() {
                sides.push(self.form(child));
            }
        }
        let module = Form::new(span, FormKind::Alias(SmolStr::new_static("Elixir.Access"), 0));
        remote(span, module, "get", sides, span, true)
    }

    /// `( ... )`.
    fn block(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        self.contents(node, span)
    }

    fn body(&mut self, node: Node<'t>) -> Form {
        let mut forms = Vec::new();
        for (_, child) in self.children(node) {
            self.statement(child, &mut forms);
        }
        Form::block(self.span(node), forms)
    }

    /// What stands in a `do` block or parentheses: clauses, as a list, or forms.
    fn contents(&mut self, node: Node<'t>, span: Span) -> Form {
        let children = self.children(node);
        if children.iter().any(|(_, c)| c.kind() == "stab_clause") {
            let clauses = self.clauses(node);
            return Form::list(span, clauses);
        }
        let mut forms = Vec::new();
        for (_, child) in children {
            let is_section = matches!(
                child.kind(),
                "after_block" | "rescue_block" | "catch_block" | "else_block"
            );
            if !is_section {
                self.statement(child, &mut forms);
            }
        }
        Form::block(span, forms)
    }

    fn clauses(&mut self, node: Node<'t>) -> Vec<Form> {
        let mut out = Vec::new();
        for (_, child) in self.children(node) {
            match child.kind() {
                "stab_clause" => out.push(self.form(child)),
                _ if child.is_error() => out.push(self.gap(child)),
                _ => {}
            }
        }
        out
    }

    /// `left -> right`.
    fn clause(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let (mut params, mut guard, mut body) = (Vec::new(), None, None);
        let mut left_span = span;
        for (field, child) in self.children(node) {
            match (field, child.kind()) {
                (Some("left"), "arguments") => {
                    left_span = self.span(child);
                    params = self.items(child, false);
                }
                (Some("left"), _) => {
                    left_span = self.span(child);
                    for (field, side) in self.children(child) {
                        match field {
                            Some("left") if side.kind() == "arguments" => params = self.items(side, false),
                            Some("left") => params = vec![self.form(side)],
                            Some("right") => guard = Some(self.form(side)),
                            _ => {}
                        }
                    }
                }
                (Some("right"), _) => body = Some(self.form(child)),
                _ if child.is_error() => params.push(self.gap(child)),
                _ => {}
            }
        }
        if let Some(guard) = guard {
            params.push(guard);
            params = vec![Form::call(left_span, "when", params)];
        }
        let body = body.unwrap_or_else(|| Form::nil(span));
        Form::call(span, "->", vec![Form::list(left_span, params), body])
    }

    fn call(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let (mut target, mut args, mut parens) = (None, Vec::new(), false);
        for (field, child) in self.children(node) {
            match (field, child.kind()) {
                (Some("target"), _) => target = Some(child),
                (_, "arguments") => {
                    parens = true;
                    args = self.items(child, false);
                }
                (_, "do_block") => {
                    parens = true;
                    let block = self.do_block(child);
                    args.push(block);
                }
                _ if child.is_error() => args.push(self.gap(child)),
                _ => {}
            }
        }
        let Some(target) = target else {
            return self.gap(node);
        };
        let (callee, name_span) = self.callee(target);
        let call = Call {
            callee,
            args,
            name_span,
            parens,
            context: 0,
        };
        Form::new(span, FormKind::Call(Arc::new(call)))
    }

    fn callee(&mut self, target: Node<'t>) -> (Callee, Span) {
        let span = self.span(target);
        match target.kind() {
            "identifier" => (Callee::Local(SmolStr::new(self.slice(target))), span),
            "dot" => {
                let (mut left, mut right) = (None, None);
                for (field, child) in self.children(target) {
                    match field {
                        Some("left") => left = Some(self.form(child)),
                        Some("right") => right = Some(child),
                        _ => {}
                    }
                }
                let left = left.unwrap_or_else(|| self.gap(target));
                match right {
                    None => (Callee::Anonymous(left), span),
                    Some(right) => {
                        let name = match right.kind() {
                            "string" | "charlist" => match text(self.quoted(right, true), span) {
                                FormKind::Text(text) => SmolStr::new(text.as_str()),
                                _ => SmolStr::new_static("?"),
                            },
                            _ => SmolStr::new(self.slice(right)),
                        };
                        (Callee::Remote(left, name), self.span(right))
                    }
                }
            }
            _ => (Callee::Form(self.form(target)), span),
        }
    }

    /// `do ... rescue ... end` as a keyword list.
    fn do_block(&mut self, node: Node<'t>) -> Form {
        let span = self.span(node);
        let mut pairs = vec![pair(span, "do", self.contents(node, span))];
        for (_, child) in self.children(node) {
            let key = match child.kind() {
                "after_block" => "after",
                "rescue_block" => "rescue",
                "catch_block" => "catch",
                "else_block" => "else",
                _ => continue,
            };
            let span = self.span(child);
            let contents = self.contents(child, span);
            pairs.push(pair(span, key, contents));
        }
        Form::list(span, pairs)
    }

    fn sigil(&mut self, node: Node<'t>) -> FormKind {
        let (mut name, mut modifiers) = (SmolStr::default(), SmolStr::default());
        for (_, child) in self.children(node) {
            match child.kind() {
                "sigil_name" => name = SmolStr::new(self.slice(child)),
                "sigil_modifiers" => modifiers = SmolStr::new(self.slice(child)),
                _ => {}
            }
        }
        // A regular expression resolves its own escapes.
        let escapes = name.starts_with(|c: char| c.is_ascii_lowercase()) && name != "r";
        let parts = self.quoted(node, escapes);
        FormKind::Sigil(Arc::new(Sigil {
            name,
            parts,
            modifiers,
        }))
    }

    pub(super) fn interpolated(&mut self, node: Node<'t>) -> Form {
        let mut forms = Vec::new();
        for (_, child) in self.children(node) {
            self.statement(child, &mut forms);
        }
        Form::block(self.span(node), forms)
    }
}

fn pair(span: Span, key: &str, value: Form) -> Form {
    let items = [Form::atom(span, key), value];
    Form::new(span, FormKind::Tuple(Arc::from(items)))
}

/// `key => value` of a map as a pair.
fn entry(form: Form) -> Form {
    match form.args_of("=>") {
        Some([key, value]) => {
            let items = [key.clone(), value.clone()];
            Form::new(form.span, FormKind::Tuple(Arc::from(items)))
        }
        _ => match form.args_of("|") {
            // `base | key => value` is one item.
            Some([base, more]) if more.args_of("=>").is_some() => {
                let more = entry(more.clone());
                Form::call(form.span, "|", vec![base.clone(), more])
            }
            _ => form,
        },
    }
}

fn remote(span: Span, left: Form, name: &str, args: Vec<Form>, name_span: Span, parens: bool) -> Form {
    let call = Call {
        callee: Callee::Remote(left, SmolStr::new(name)),
        args,
        name_span,
        parens,
        context: 0,
    };
    Form::new(span, FormKind::Call(Arc::new(call)))
}

fn without_spaces(text: &str) -> SmolStr {
    if text.contains(char::is_whitespace) {
        text.split_whitespace().collect()
    } else {
        SmolStr::new(text)
    }
}

fn integer(text: &str) -> FormKind {
    let digits = text.replace('_', "");
    let value = match digits.get(..2) {
        Some("0x") => i64::from_str_radix(&digits[2..], 16),
        Some("0b") => i64::from_str_radix(&digits[2..], 2),
        Some("0o") => i64::from_str_radix(&digits[2..], 8),
        _ => digits.parse(),
    };
    value.map_or_else(|_| FormKind::Number(SmolStr::new(text)), FormKind::Integer)
}

/// A binary: one text, where nothing is interpolated.
fn text(parts: Vec<Part>, span: Span) -> FormKind {
    match parts.as_slice() {
        [] => FormKind::Text(crate::source::Text::composed([(String::new(), span, false)])),
        [Part::Text(text)] => FormKind::Text(text.clone()),
        _ => FormKind::Binary(parts.into()),
    }
}

fn atom(parts: Vec<Part>) -> FormKind {
    match parts.as_slice() {
        [] => FormKind::Atom(SmolStr::default()),
        [Part::Text(text)] => FormKind::Atom(SmolStr::new(text.as_str())),
        _ => FormKind::DynamicAtom(parts.into()),
    }
}
