//! Lowers any statement: one arm for each kind of PostgreSQL's grammar.

use smol_str::SmolStr;

use super::source::Lower;
use super::{
    Statement, Transaction, alter_table, comment, dml, drop, expr, function, index, literal, names, objects,
    query, schema, sequence, session, table, types,
};
use crate::change::Change;
use crate::known::{Gap, Reach};
use crate::source::Span;
use crate::syntax::pg::{AstNode, SyntaxNode, ast};
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind, Query, QueryBody};

/// A change that the schema does not feel.
pub(super) fn none(what: &'static str) -> Option<Change> {
    Some(Change::NoSchemaEffect(what))
}

/// A query of which nothing is known.
pub(super) fn opaque_query(span: Span) -> Query {
    Query {
        with: Vec::new(),
        recursive: false,
        body: QueryBody::Opaque(span),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        span,
    }
}

/// Whether `AND CHAIN` begins another transaction.
pub(super) fn chains(node: &ast::Stmt) -> bool {
    let clause = match node {
        ast::Stmt::Commit(ast::Commit::CommitTransaction(commit)) => commit.chain_clause(),
        ast::Stmt::Rollback(ast::Rollback::RollbackTransaction(rollback)) => rollback.chain_clause(),
        _ => None,
    };
    matches!(clause, Some(ast::ChainClause::AndChain(_)))
}

/// Lowers a statement; `None` where a part that it needs is missing.
pub(super) fn lower(cx: &Lower<'_>, node: &ast::Stmt) -> Option<Statement> {
    if let Some(change) = change(cx, node) {
        return change.map(|change| Statement::Changes(vec![change]));
    }
    match node {
        ast::Stmt::Begin(_) => Some(Statement::Transaction(Transaction::Begin)),
        ast::Stmt::Commit(n) => session::commit(n),
        ast::Stmt::Rollback(n) => session::rollback(n),
        ast::Stmt::SavepointCreate(n) => Some(Statement::Transaction(Transaction::Savepoint(
            names::name_of(n.savepoint().as_ref())?,
        ))),
        ast::Stmt::ReleaseSavepoint(n) => Some(Statement::Transaction(Transaction::Release(names::name_of(
            n.savepoint_ref().as_ref(),
        )?))),
        ast::Stmt::PrepareTransaction(n) => {
            gap(cx, n, "a prepared transaction is not followed", Reach::Everything)
        }
        ast::Stmt::Set(n) => session::set(cx, n),
        ast::Stmt::Reset(n) => session::reset(n),
        ast::Stmt::SetRole(n) => session::set_role(cx, n),
        ast::Stmt::ResetRole(_) => setting("role"),
        ast::Stmt::SetSessionAuth(n) => session::set_session_authorization(cx, n),
        ast::Stmt::ResetSessionAuth(_) => setting("session_authorization"),
        ast::Stmt::SetTransaction(_) => Some(Statement::NoEffect("SET TRANSACTION")),
        ast::Stmt::SetConstraints(_) => Some(Statement::NoEffect("SET CONSTRAINTS")),
        ast::Stmt::Discard(n) => discard(cx, n),
        ast::Stmt::Insert(n) => rows(dml::insert(cx, n)),
        ast::Stmt::Update(n) => rows(dml::update(cx, n)),
        ast::Stmt::Delete(n) => rows(dml::delete(cx, n)),
        ast::Stmt::Merge(n) => rows(dml::merge(cx, n)),
        ast::Stmt::Copy(n) => dml::copy(cx, n),
        ast::Stmt::Select(_)
        | ast::Stmt::SelectInto(_)
        | ast::Stmt::CompoundSelect(_)
        | ast::Stmt::ParenSelect(_)
        | ast::Stmt::Table(_)
        | ast::Stmt::Values(_) => preparable(cx, node.syntax()),
        ast::Stmt::Do(n) => block(cx, n),
        ast::Stmt::Call(n) => Some(Statement::Call(call(cx, n)?)),
        ast::Stmt::Execute(n) => gap(cx, n, "a prepared statement is not followed", Reach::Rows),
        ast::Stmt::Explain(n) => explain(cx, n),
        ast::Stmt::CreateSchema(n) => schema::create(cx, n),
        ast::Stmt::AlterPolicy(n) => alter_policy(cx, n),
        ast::Stmt::CreateTableAs(n) if matches!(n.query(), Some(ast::CreateTableAsQuery::Execute(_))) => {
            let name = names::object(cx, n.table_name().as_ref())?;
            let reach = Reach::Object(name.name.to_string());
            gap(cx, n, "what a prepared statement returns is not followed", reach)
        }
        ast::Stmt::CreateTableAs(n) => Some(Statement::Changes(vec![table::create_as(cx, n)?])),
        ast::Stmt::Analyze(_) => Some(Statement::NoEffect("ANALYZE")),
        ast::Stmt::Checkpoint(_) => Some(Statement::NoEffect("CHECKPOINT")),
        ast::Stmt::Close(_) => Some(Statement::NoEffect("CLOSE")),
        ast::Stmt::Deallocate(_) => Some(Statement::NoEffect("DEALLOCATE")),
        ast::Stmt::Declare(_) => Some(Statement::NoEffect("DECLARE")),
        ast::Stmt::EmptyStmt(_) => Some(Statement::NoEffect("")),
        ast::Stmt::Fetch(_) => Some(Statement::NoEffect("FETCH")),
        ast::Stmt::Listen(_) => Some(Statement::NoEffect("LISTEN")),
        ast::Stmt::Load(_) => Some(Statement::NoEffect("LOAD")),
        ast::Stmt::Lock(_) => Some(Statement::NoEffect("LOCK")),
        ast::Stmt::Move(_) => Some(Statement::NoEffect("MOVE")),
        ast::Stmt::Notify(_) => Some(Statement::NoEffect("NOTIFY")),
        ast::Stmt::Prepare(_) => Some(Statement::NoEffect("PREPARE")),
        ast::Stmt::Show(_) => Some(Statement::NoEffect("SHOW")),
        ast::Stmt::Unlisten(_) => Some(Statement::NoEffect("UNLISTEN")),
        // `change` has every other kind; a test runs each of them.
        _ => None,
    }
}

fn gap(cx: &Lower<'_>, node: &impl AstNode, why: &str, reach: Reach) -> Option<Statement> {
    Some(Statement::Opaque(Gap::new(cx.span(node), why, reach)))
}

fn setting(name: &str) -> Option<Statement> {
    Some(Statement::Set {
        name: name.to_owned(),
        value: None,
        local: false,
    })
}

fn rows(dml: Option<super::Dml>) -> Option<Statement> {
    Some(Statement::Dml(Box::new(dml?)))
}

/// A query or a statement on rows, as COPY, EXPLAIN and a statement of its own hold it.
pub(super) fn preparable(cx: &Lower<'_>, node: &SyntaxNode) -> Option<Statement> {
    if let Some(select) = ast::SelectVariant::cast(node.clone()) {
        if let Some(into) = table::into_clause(&select) {
            return Some(Statement::Changes(vec![table::select_into(cx, node, &into)?]));
        }
        return Some(read(cx, &select));
    }
    lower(cx, &ast::Stmt::cast(node.clone())?)
}

/// A query; one whose WITH writes rows is told by the first of those parts, the others within it.
fn read(cx: &Lower<'_>, select: &ast::SelectVariant) -> Statement {
    let lowered = query::query(cx, select.syntax());
    let clause = select.syntax().children().find_map(ast::WithClause::cast);
    let mut written = dml::in_query(cx, clause.as_ref());
    if written.is_empty() {
        return Statement::Query(Box::new(lowered));
    }
    let mut first = written.remove(0);
    let span = lowered.span;
    first.with.append(&mut written);
    first
        .expressions
        .push(Expr::new(ExprKind::Subquery(Box::new(lowered)), span));
    Statement::Dml(Box::new(first))
}

fn block(cx: &Lower<'_>, node: &ast::Do) -> Option<Statement> {
    let language = match node.do_language() {
        Some(n) => function::language_name(n.language_ref().as_ref(), n.literal().as_ref())?,
        None => SmolStr::new_static("plpgsql"),
    };
    Some(Statement::Do {
        language: language.into(),
        body: literal::text(cx, &node.body()?)?,
    })
}

fn call(cx: &Lower<'_>, node: &ast::Call) -> Option<Expr> {
    let mut out = Call {
        name: names::qualified_of(node.procedure_name_ref().as_ref())?,
        args: Vec::new(),
        named: Vec::new(),
        star: false,
        distinct: false,
        variadic: false,
        filter: None,
        order_by: Vec::new(),
        within_group: false,
        over: false,
        window: Vec::new(),
        sql_syntax: false,
    };
    for arg in node.arg_list()?.args() {
        out.variadic |= arg.variadic_token().is_some();
        match arg.func_arg_expr()? {
            ast::FuncArgExpr::Expr(value) => out.args.push(expr::expr(cx, &value)),
            ast::FuncArgExpr::NamedArg(named) => {
                let name = names::name_of(named.name().as_ref())?;
                out.named.push((name, expr::expr(cx, &named.expr()?)));
            }
        }
    }
    Some(Expr::new(ExprKind::Call(Box::new(out)), cx.span(node)))
}

/// EXPLAIN runs the statement only with ANALYZE.
fn explain(cx: &Lower<'_>, node: &ast::Explain) -> Option<Statement> {
    let runs = match node.explain_mode() {
        Some(ast::ExplainMode::ExplainAnalyze(_)) => true,
        Some(ast::ExplainMode::ExplainOptionList(list)) => list.explain_options().any(|option| {
            let named = |word: &str| {
                names::name_of(option.explain_option_name().as_ref()).is_some_and(|name| name == *word)
            };
            let off = option.explain_option_value().is_some_and(|value| {
                let value = cx.str(value.syntax().text_range()).to_ascii_lowercase();
                matches!(value.as_str(), "false" | "off" | "0" | "'false'" | "'off'")
            });
            (named("analyze") || named("analyse")) && !off
        }),
        Some(ast::ExplainMode::ExplainVerbose(_)) | None => false,
    };
    if runs {
        preparable(cx, node.explain_stmt()?.syntax())
    } else {
        Some(Statement::NoEffect("EXPLAIN"))
    }
}

fn discard(cx: &Lower<'_>, node: &ast::Discard) -> Option<Statement> {
    match node.discard_target()? {
        ast::DiscardTarget::DiscardPlans(_) | ast::DiscardTarget::DiscardSequences(_) => {
            Some(Statement::NoEffect("DISCARD"))
        }
        ast::DiscardTarget::DiscardTemp(_) => {
            let why = "DISCARD TEMP drops the temporary tables";
            gap(cx, node, why, Reach::Namespace("pg_temp".to_owned()))
        }
        ast::DiscardTarget::DiscardAll(_) => gap(
            cx,
            node,
            "DISCARD ALL drops temporary tables and settings",
            Reach::Everything,
        ),
    }
}

/// A renamed policy is dropped and made.
fn alter_policy(cx: &Lower<'_>, node: &ast::AlterPolicy) -> Option<Statement> {
    let ast::AlterPolicyAction::PolicyRenameTo(to) = node.action()? else {
        return Some(Statement::Changes(vec![Change::NoSchemaEffect("ALTER POLICY")]));
    };
    let policy = |name, create| {
        Some(Change::Policy {
            name,
            table: names::object(cx, node.on_table()?.table_name_ref().as_ref())?,
            create,
            if_exists: false,
        })
    };
    Some(Statement::Changes(vec![
        policy(names::name_of(node.policy_ref().as_ref())?, false)?,
        policy(names::name_of(to.policy().as_ref())?, true)?,
    ]))
}

fn create_extension(cx: &Lower<'_>, node: &ast::CreateExtension) -> Option<Change> {
    let schema = match node.extension_schema() {
        Some(schema) => Some(names::name_of(schema.schema_ref().as_ref())?),
        None => None,
    };
    Some(Change::CreateExtension {
        name: names::name_of(node.extension().as_ref())?,
        if_not_exists: node.if_not_exists().is_some(),
        schema,
        cascade: node.cascade_token().is_some(),
        span: cx.span(node),
    })
}

fn import(cx: &Lower<'_>, node: &ast::ImportForeignSchema) -> Option<Change> {
    let schema = names::name_of(node.into_schema()?.schema_ref().as_ref())?;
    Some(Change::Opaque(Gap::new(
        cx.span(node),
        "the tables of another server are not known",
        Reach::Namespace(schema.to_string()),
    )))
}

fn drop_owned(cx: &Lower<'_>, node: &ast::DropOwned) -> Option<Change> {
    Some(Change::Opaque(Gap::new(
        cx.span(node),
        "what a role owns is not known",
        Reach::Everything,
    )))
}

/// What a statement says behind a name of it.
pub(super) fn behind(cx: &Lower<'_>, node: &impl AstNode, name: Option<&impl AstNode>) -> SmolStr {
    name.map_or_else(SmolStr::default, |name| {
        cx.rest(name.syntax().text_range().end(), node).into()
    })
}

/// A statement that is one change. Outer `None`: it is none; inner: a part is missing.
fn change(cx: &Lower<'_>, node: &ast::Stmt) -> Option<Option<Change>> {
    use ast::Stmt as S;
    Some(match node {
        S::CreateTable(n) => table::create(cx, n),
        S::CreateForeignTable(n) => table::create_foreign(cx, n),
        S::CreateView(n) => table::create_view(cx, n),
        S::CreateMaterializedView(n) => table::create_materialized_view(cx, n),
        S::CreateIndex(n) => index::create(cx, n).map(|index| Change::CreateIndex(Box::new(index))),
        S::CreateType(n) => types::create(cx, n),
        S::CreateDomain(n) => types::create_domain(cx, n),
        S::CreateSequence(n) => sequence::create(cx, n),
        S::CreateExtension(n) => create_extension(cx, n),
        S::CreateFunction(n) => function::create_function(cx, n),
        S::CreateProcedure(n) => function::create_procedure(cx, n),
        S::CreateAggregate(n) => function::create_aggregate(cx, n),
        S::CreateTrigger(n) => function::create_trigger(cx, n),
        S::CreateCollation(n) => {
            names::object(cx, n.collation().as_ref()).map(|name| Change::CreateCollation {
                name,
                if_not_exists: n.if_not_exists().is_some(),
                written: behind(cx, n, n.collation().as_ref()),
            })
        }
        S::CreatePolicy(n) => (|| {
            Some(Change::Policy {
                name: names::name_of(n.policy().as_ref())?,
                table: names::object(cx, n.on_table()?.table_name_ref().as_ref())?,
                create: true,
                if_exists: false,
            })
        })(),
        S::AlterTable(n) => alter_table::alter(cx, n),
        S::AlterForeignTable(n) => alter_table::alter_foreign(cx, n),
        S::AlterView(n) => alter_table::alter_view(cx, n),
        S::AlterMaterializedView(n) => alter_table::alter_materialized_view(cx, n),
        S::AlterIndex(n) => objects::alter_index(cx, n),
        S::AlterSequence(n) => sequence::alter(cx, n),
        S::AlterType(n) => types::alter(cx, n),
        S::AlterDomain(n) => types::alter_domain(cx, n),
        S::AlterSchema(n) => objects::alter_schema(cx, n),
        S::AlterExtension(n) => objects::alter_extension(cx, n),
        S::AlterCollation(n) => objects::alter_collation(cx, n),
        S::AlterFunction(n) => objects::alter_function(cx, n),
        S::AlterProcedure(n) => objects::alter_procedure(cx, n),
        S::AlterRoutine(n) => objects::alter_routine(cx, n),
        S::AlterAggregate(n) => objects::alter_aggregate(cx, n),
        S::AlterTrigger(n) => function::alter_trigger(cx, n),
        S::AlterDatabase(n) => later_of(cx, n.action()?.syntax(), "ALTER DATABASE"),
        S::AlterRole(n) => later_of(cx, n.action()?.syntax(), "ALTER ROLE"),
        S::AlterUser(n) => later_of(cx, n.action()?.syntax(), "ALTER USER"),
        S::AlterSystem(n) => later_of(cx, n.action()?.syntax(), "ALTER SYSTEM"),
        S::CommentOn(n) => comment::comment(cx, n),
        S::Truncate(n) => dml::truncate(cx, n),
        S::ImportForeignSchema(n) => import(cx, n),
        S::DropOwned(n) => drop_owned(cx, n),
        S::DropTable(_)
        | S::DropForeignTable(_)
        | S::DropView(_)
        | S::DropMaterializedView(_)
        | S::DropIndex(_)
        | S::DropSequence(_)
        | S::DropType(_)
        | S::DropDomain(_)
        | S::DropSchema(_)
        | S::DropExtension(_)
        | S::DropCollation(_)
        | S::DropFunction(_)
        | S::DropProcedure(_)
        | S::DropRoutine(_)
        | S::DropAggregate(_)
        | S::DropTrigger(_)
        | S::DropPolicy(_) => drop::drop(cx, node),
        _ => return unheld(cx, node),
    })
}

fn later_of(cx: &Lower<'_>, action: &SyntaxNode, what: &'static str) -> Option<Change> {
    let set = ast::SetConfigParam::cast(action.clone());
    let reset = ast::ResetConfigParam::cast(action.clone());
    schema::later(cx, set.as_ref(), reset.as_ref(), what)
}

/// Statements about what the schema does not hold: privileges, roles, operators, publications, upkeep.
fn unheld(cx: &Lower<'_>, node: &ast::Stmt) -> Option<Option<Change>> {
    use ast::Stmt as S;
    macro_rules! dropped {
        ($node:ident, $what:literal) => {
            drop::unheld(cx, $node, $what, $node.drop_behavior().as_ref())
        };
    }
    Some(match node {
        S::AlterConversion(_) => none("ALTER CONVERSION"),
        S::AlterDefaultPrivileges(_) => none("ALTER DEFAULT PRIVILEGES"),
        S::AlterEventTrigger(_) => none("ALTER EVENT TRIGGER"),
        S::AlterForeignDataWrapper(_) => none("ALTER FOREIGN DATA WRAPPER"),
        S::AlterGroup(_) => none("ALTER GROUP"),
        S::AlterLanguage(_) => none("ALTER LANGUAGE"),
        S::AlterLargeObject(_) => none("ALTER LARGE OBJECT"),
        S::AlterOperator(_) => none("ALTER OPERATOR"),
        S::AlterOperatorClass(_) => none("ALTER OPERATOR CLASS"),
        S::AlterOperatorFamily(_) => none("ALTER OPERATOR FAMILY"),
        S::AlterPropertyGraph(_) => none("ALTER PROPERTY GRAPH"),
        S::AlterPublication(_) => none("ALTER PUBLICATION"),
        S::AlterRule(_) => none("ALTER RULE"),
        S::AlterServer(_) => none("ALTER SERVER"),
        S::AlterStatistics(_) => none("ALTER STATISTICS"),
        S::AlterSubscription(_) => none("ALTER SUBSCRIPTION"),
        S::AlterTablespace(_) => none("ALTER TABLESPACE"),
        S::AlterTextSearchConfiguration(_)
        | S::AlterTextSearchDictionary(_)
        | S::AlterTextSearchParser(_)
        | S::AlterTextSearchTemplate(_) => none("ALTER TEXT SEARCH"),
        S::AlterUserMapping(_) => none("ALTER USER MAPPING"),
        S::Cluster(_) => none("CLUSTER"),
        S::CreateAccessMethod(_) => none("CREATE ACCESS METHOD"),
        S::CreateCast(_) => none("CREATE CAST"),
        S::CreateConversion(_) => none("CREATE CONVERSION"),
        S::CreateDatabase(_) => none("CREATE DATABASE"),
        S::CreateEventTrigger(_) => none("CREATE EVENT TRIGGER"),
        S::CreateForeignDataWrapper(_) => none("CREATE FOREIGN DATA WRAPPER"),
        S::CreateGroup(_) => none("CREATE GROUP"),
        S::CreateLanguage(_) => none("CREATE LANGUAGE"),
        S::CreateOperator(_) => none("CREATE OPERATOR"),
        S::CreateOperatorClass(_) => none("CREATE OPERATOR CLASS"),
        S::CreateOperatorFamily(_) => none("CREATE OPERATOR FAMILY"),
        S::CreatePropertyGraph(_) => none("CREATE PROPERTY GRAPH"),
        S::CreatePublication(_) => none("CREATE PUBLICATION"),
        S::CreateRole(_) => none("CREATE ROLE"),
        S::CreateRule(_) => none("CREATE RULE"),
        S::CreateServer(_) => none("CREATE SERVER"),
        S::CreateStatistics(_) => none("CREATE STATISTICS"),
        S::CreateSubscription(_) => none("CREATE SUBSCRIPTION"),
        S::CreateTablespace(_) => none("CREATE TABLESPACE"),
        S::CreateTextSearchConfiguration(_)
        | S::CreateTextSearchDictionary(_)
        | S::CreateTextSearchParser(_)
        | S::CreateTextSearchTemplate(_) => none("CREATE TEXT SEARCH"),
        S::CreateTransform(_) => none("CREATE TRANSFORM"),
        S::CreateUser(_) => none("CREATE USER"),
        S::CreateUserMapping(_) => none("CREATE USER MAPPING"),
        S::DropAccessMethod(n) => dropped!(n, "DROP ACCESS METHOD"),
        S::DropCast(n) => dropped!(n, "DROP CAST"),
        S::DropConversion(n) => dropped!(n, "DROP CONVERSION"),
        S::DropDatabase(_) => none("DROP DATABASE"),
        S::DropEventTrigger(_) => none("DROP EVENT TRIGGER"),
        S::DropForeignDataWrapper(n) => dropped!(n, "DROP FOREIGN DATA WRAPPER"),
        S::DropGroup(_) => none("DROP GROUP"),
        S::DropLanguage(n) => dropped!(n, "DROP LANGUAGE"),
        S::DropOperator(n) => dropped!(n, "DROP OPERATOR"),
        S::DropOperatorClass(n) => dropped!(n, "DROP OPERATOR CLASS"),
        S::DropOperatorFamily(n) => dropped!(n, "DROP OPERATOR FAMILY"),
        S::DropPropertyGraph(n) => dropped!(n, "DROP PROPERTY GRAPH"),
        S::DropPublication(_) => none("DROP PUBLICATION"),
        S::DropRole(_) => none("DROP ROLE"),
        S::DropRule(_) => none("DROP RULE"),
        S::DropServer(n) => dropped!(n, "DROP SERVER"),
        S::DropStatistics(_) => none("DROP STATISTICS"),
        S::DropSubscription(_) => none("DROP SUBSCRIPTION"),
        S::DropTablespace(_) => none("DROP TABLESPACE"),
        S::DropTextSearchConfig(n) => dropped!(n, "DROP TEXT SEARCH"),
        S::DropTextSearchDict(n) => dropped!(n, "DROP TEXT SEARCH"),
        S::DropTextSearchParser(n) => dropped!(n, "DROP TEXT SEARCH"),
        S::DropTextSearchTemplate(n) => dropped!(n, "DROP TEXT SEARCH"),
        S::DropTransform(_) => none("DROP TRANSFORM"),
        S::DropUser(_) => none("DROP USER"),
        S::DropUserMapping(_) => none("DROP USER MAPPING"),
        S::Grant(_) => none("GRANT"),
        S::Reassign(_) => none("REASSIGN OWNED"),
        S::Refresh(_) => none("REFRESH MATERIALIZED VIEW"),
        S::Reindex(_) => none("REINDEX"),
        S::Repack(_) => none("REPACK"),
        S::Revoke(_) => none("REVOKE"),
        S::SecurityLabel(_) => none("SECURITY LABEL"),
        S::Vacuum(_) => none("VACUUM"),
        _ => return None,
    })
}
