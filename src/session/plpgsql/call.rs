//! Calls of the history's own functions and procedures, `DO` blocks, and functions that nothing here defines.

use std::sync::Arc;

use super::block::trim;
use super::record;
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName};
use crate::schema::{Function, FunctionId, Lookup, Relation};
use crate::session::Session;
use crate::session::flow::{Flow, Run};
use crate::session::query::Env;
use crate::session::value::Value;
use crate::session::world::{Course, Frame, Scope, Variable};
use crate::source::{Span, Text};
use crate::tree::plpgsql::Block;
use crate::tree::{ExprKind, Query, QueryBody};

impl Session {
    /// Functions that a name may mean: those of the first schema on the path that has any.
    pub(in crate::session) fn functions_named(&self, name: &QualifiedName) -> Vec<FunctionId> {
        let schema = self.world.database.schema();
        let places: Vec<&Name> = match &name.schema {
            Some(place) => vec![place],
            None => schema.search_path.iter().collect(),
        };
        for place in places {
            let Some(namespace) = schema.namespace(place) else {
                continue;
            };
            let found: Vec<FunctionId> = schema
                .functions
                .iter()
                .filter(|(_, f)| f.namespace == namespace && f.name == name.name && f.presence.may_be())
                .map(|(id, _)| id)
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Calls a function that is not simulated as a built-in one.
    pub(in crate::session) fn call_function(
        &mut self,
        name: &QualifiedName,
        args: Vec<Value>,
        named: Vec<(Name, Value)>,
        at: Span,
    ) -> Run<Value> {
        let count = args.len() + named.len();
        let schema = self.world.database.schema();
        let candidates: Vec<FunctionId> = self
            .functions_named(name)
            .into_iter()
            .filter(|id| takes(&schema.functions[*id], count))
            .collect();
        match candidates.as_slice() {
            [] => {
                let gap = args.iter().find_map(Value::gap).cloned();
                Ok(match gap {
                    Some(gap) => Value::Unknown(gap),
                    None => self.unknown(at, format!("the value of {name}()")),
                })
            }
            _ if self.reaches_rows_alone() => {
                self.touch_all_rows();
                Ok(self.unknown(at, format!("the value of {name}()")))
            }
            [only] => self.run_function(*only, args, named, at),
            several => {
                let several = several.to_vec();
                self.run_overloads(name, &several, &args, &named, at)
            }
        }
    }

    /// It cannot be told which overload runs: each does, and what agrees stays known.
    fn run_overloads(
        &mut self,
        name: &QualifiedName,
        candidates: &[FunctionId],
        args: &[Value],
        named: &[(Name, Value)],
        at: Span,
    ) -> Run<Value> {
        let gap = self.gap(at, format!("which {name}() is called"));
        let base = self.world.clone();
        let mut courses = Vec::new();
        for id in candidates {
            let flow = match self.run_function(*id, args.to_vec(), named.to_vec(), at) {
                Ok(_) => Flow::Normal,
                Err(raised) => Flow::Raise(raised),
            };
            courses.push(self.end_course(&base, flow, &gap));
        }
        match self.merge(&base, courses) {
            Flow::Raise(raised) => Err(raised),
            _ => Ok(Value::Unknown(gap)),
        }
    }

    fn run_function(
        &mut self,
        id: FunctionId,
        args: Vec<Value>,
        named: Vec<(Name, Value)>,
        at: Span,
    ) -> Run<Value> {
        let function = self.world.database.schema().functions[id].clone();
        let plpgsql = function.language == "plpgsql";
        let Some(body) = function
            .body
            .clone()
            .filter(|_| plpgsql || function.language == "sql")
        else {
            return Ok(self.foreign_function(&function, at));
        };
        self.descend(at)?;
        let depth = self.world.frames.len();
        let result = self.enter_function(&function, &body, args, named, at);
        trim_frames(self, depth);
        self.ascend();
        result
    }

    fn enter_function(
        &mut self,
        function: &Function,
        body: &Text,
        args: Vec<Value>,
        named: Vec<(Name, Value)>,
        at: Span,
    ) -> Run<Value> {
        let (scope, params) = self.parameters(function, args, named, at)?;
        let depth = self.world.frames.len();
        self.via.push(at);
        self.world.frames.push(Frame {
            name: Some(function.name.clone()),
            scopes: vec![scope],
            params,
            ..Frame::default()
        });
        let value = if function.language == "plpgsql" {
            self.run_body(body, depth, at)
        } else {
            self.run_sql_body(body)
        };
        self.via.pop();
        let value = value?;
        if function.set {
            return Ok(self.unknown(at, format!("the rows of {}()", function.name)));
        }
        let outputs = self.outputs(function);
        let value = match outputs.as_slice() {
            [] => value,
            [(_, one)] => one.clone(),
            several => {
                let (names, values): (Vec<Name>, Vec<Value>) = several.iter().cloned().unzip();
                record(&names, &values)
            }
        };
        match &function.returns {
            Some(ty) if outputs.is_empty() => self.cast(value, ty, at),
            _ => Ok(value),
        }
    }

    /// Parameters as variables and as `$n`.
    fn parameters(
        &mut self,
        function: &Function,
        args: Vec<Value>,
        named: Vec<(Name, Value)>,
        at: Span,
    ) -> Run<(Scope, Vec<Value>)> {
        let mut scope = Scope::default();
        let mut params = Vec::new();
        let mut args = args.into_iter();
        for (name, ty, input, _, default) in &function.parameters.list {
            let given = if *input { args.next() } else { None };
            let by_name = name.as_ref().and_then(|n| named.iter().find(|x| x.0 == *n));
            let value = match (given, by_name, default) {
                (Some(value), ..) => value,
                (None, Some((_, value)), _) => value.clone(),
                (None, None, Some(default)) if *input => self.eval(default, &Env::EMPTY)?,
                (None, None, _) => Value::Null,
            };
            let value = self.cast(value, ty, at)?;
            if *input {
                params.push(value.clone());
            }
            if let Some(name) = name {
                scope.variables.push(Variable {
                    name: name.clone(),
                    ty: self.world.database.schema().format_type(ty).into(),
                    value,
                    alias: None,
                });
            }
        }
        Ok((scope, params))
    }

    fn outputs(&self, function: &Function) -> Vec<(Name, Value)> {
        let list = function.parameters.list.iter();
        list.filter(|p| p.3)
            .filter_map(|p| {
                let name = p.0.clone()?;
                let value = self.world.frames.last()?.scopes.first()?;
                let variable = value.variables.iter().find(|v| v.name == name)?;
                Some((name, variable.value.clone()))
            })
            .collect()
    }

    /// Runs a plpgsql body in the frame that stands for it.
    fn run_body(&mut self, body: &Text, depth: usize, at: Span) -> Run<Value> {
        let block = match self.block(body) {
            Ok(block) => block,
            Err(gap) => {
                self.open(gap.reaching(self.body_reach(body)));
                return Ok(Value::Unknown(gap));
            }
        };
        let mark = self.parked.len();
        let base = self.world.clone();
        let flow = self.run_block(&block, at);
        let returned = self.unpark(mark, |f| !matches!(f, Flow::Raise(_)));
        let gap = returned
            .first()
            .map_or_else(|| self.gap(at, "where the function returns"), |c| c.gap.clone());
        let mut courses: Vec<Course> = returned
            .into_iter()
            .map(|c| Course {
                flow: Flow::Normal,
                ..c
            })
            .collect();
        courses.push(Course {
            flow: match flow {
                Flow::Raise(raised) => Flow::Raise(raised),
                _ => Flow::Normal,
            },
            world: self.world.clone(),
            gap,
        });
        for course in &mut courses {
            trim(&mut course.world, depth + 1, 1);
        }
        match self.merge(&base, courses) {
            Flow::Raise(raised) => Err(raised),
            _ => Ok(self
                .world
                .frame()
                .and_then(|f| f.result.clone())
                .unwrap_or(Value::Null)),
        }
    }

    /// The statements of a body in SQL; the last one's first value is the result.
    fn run_sql_body(&mut self, body: &Text) -> Run<Value> {
        let mut value = Value::Null;
        for read in self.reads(body).iter() {
            let table = self.run_read(read, false)?;
            value = table.map_or(Value::Null, |t| {
                let exact = t.is_exact();
                match t.rows.into_iter().next() {
                    Some(row) if exact => row.values.into_iter().next().unwrap_or(Value::Null),
                    Some(row) => {
                        let gap = row
                            .maybe
                            .or_else(|| row.values.iter().find_map(|v| v.gap().cloned()));
                        gap.map_or_else(|| self.unknown(read.span, "the rows of a query"), Value::Unknown)
                    }
                    None => Value::Null,
                }
            });
        }
        Ok(value)
    }

    /// A function in another language: C functions of extensions touch nothing, others may do anything.
    fn foreign_function(&mut self, function: &Function, at: Span) -> Value {
        let inert = matches!(function.language.as_str(), "c" | "internal")
            || function.extension.is_some()
            || function.immutable;
        let why = match function.language.as_str() {
            "sql" | "plpgsql" => format!("the body of {}() is not known", function.name),
            language => format!("{}() is written in {language}", function.name),
        };
        if !inert {
            self.open(Gap::new(at, why.clone(), Reach::Everything));
        }
        self.unknown(at, why)
    }

    /// `DO`.
    pub(in crate::session) fn run_do(&mut self, language: &str, body: &Text, at: Span) -> Run<()> {
        if language != "plpgsql" {
            let why = format!("a DO block in {language} is not followed");
            self.open(Gap::new(at, why, Reach::Everything));
            return Ok(());
        }
        self.descend(at)?;
        let depth = self.world.frames.len();
        self.world.frames.push(Frame {
            scopes: vec![Scope::default()],
            ..Frame::default()
        });
        let result = self.run_body(body, depth, at);
        trim_frames(self, depth);
        self.ascend();
        result.map(|_| ())
    }

    /// A body, parsed once.
    fn block(&mut self, body: &Text) -> Result<Arc<Block>, Gap> {
        let key = super::super::text_key(body);
        if let Some(block) = self.blocks.get(&key) {
            return Ok(block.clone());
        }
        let block = Arc::new(crate::sql::plpgsql(body)?);
        self.blocks.insert(key, block.clone());
        Ok(block)
    }

    /// Functions called for their effect that nothing here defines (an extension's, a platform's): what they may touch.
    pub(in crate::session) fn unknown_calls(&mut self, query: &Query) {
        let QueryBody::Select(select) = &query.body else {
            return;
        };
        for target in &select.targets {
            let ExprKind::Call(call) = &target.expr.kind else {
                continue;
            };
            self.unknown_call(call, target.expr.span);
        }
    }

    pub(in crate::session) fn unknown_call(&mut self, call: &crate::tree::expr::Call, at: Span) {
        let name = call.name.name.as_str();
        let own = call.name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
        let known = (own && crate::session::catalog::is_function(name))
            || crate::session::query::is_aggregate(name)
            || call.sql_syntax
            || HARMLESS.contains(&name)
            || !self.functions_named(&call.name).is_empty();
        if known {
            return;
        }
        let why = format!("{}() is not defined here", call.name);
        let mut reached = false;
        for arg in &call.args {
            if let Some(table) = self.named_table(arg) {
                self.open(Gap::new(at, why.clone(), Reach::Object(table)));
                reached = true;
            }
        }
        match &call.name.schema {
            Some(schema) => {
                let reach = Reach::Namespace(schema.as_str().to_owned());
                self.open(Gap::new(at, why, reach));
            }
            None if !reached => self.open(Gap::new(at, why, Reach::Everything)),
            None => {}
        }
    }

    /// The table that an argument names as a literal.
    fn named_table(&self, arg: &crate::tree::Expr) -> Option<String> {
        let text = match &arg.kind {
            ExprKind::String(text) => text,
            ExprKind::Cast(inner, ..) => return self.named_table(inner),
            _ => return None,
        };
        let name = crate::sql::qualified_name(text)?;
        match self.relation(&name) {
            Lookup::Found((Relation::Table(id), _)) => {
                Some(self.world.database.schema().table(id).qualified())
            }
            _ => None,
        }
    }
}

/// Functions of well-known extensions that change no schema.
static HARMLESS: &[&str] = &[
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v3",
    "uuid_generate_v4",
    "uuid_generate_v5",
    "crypt",
    "digest",
    "gen_salt",
    "gen_random_bytes",
    "hmac",
    "similarity",
    "unaccent",
    "set_limit",
    "dblink_connect",
    "dblink_disconnect",
];

fn takes(function: &Function, count: usize) -> bool {
    let inputs = function.parameters.list.iter().filter(|p| p.2);
    let most = inputs.clone().count();
    let least = inputs.filter(|p| p.4.is_none()).count();
    (least..=most).contains(&count)
}

fn trim_frames(session: &mut Session, depth: usize) {
    session.world.frames.truncate(depth);
}
