//! `schemalign inventory`: what a repository holds, listed.

use super::arguments::{InventoryArguments, InventoryFormat, InventoryKind};
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, terminal};
use crate::check::{self, Sides};
use crate::config::Downs;
use crate::discover;
use crate::inventory::{self, Inventory};
use crate::report::inventory::{csv, json, markdown, text};

/// Runs the command.
///
/// # Errors
/// When there is nothing to list.
pub(super) fn run(arguments: &InventoryArguments) -> Result<Exit, Failure> {
    let mut work = Workspace::open(&arguments.paths, &arguments.source)?;
    work.files.end_with_process();
    let of_migrations = arguments.kind == InventoryKind::Migrations;
    if of_migrations {
        work.options.downs = Downs::Run;
    }
    if arguments.kind == InventoryKind::Models {
        work.files.keep_texts();
    }
    let sides = if of_migrations {
        Sides::Histories
    } else {
        Sides::Both
    };
    let runs = progress::show(&work.files, || check::run(&work.files, &work.options, sides))?;
    if runs.runs.is_empty() {
        return Err(super::check::nothing(&runs.not_checked));
    }
    let subjects = check::subjects(&work.files, &runs);
    let mut listed = match arguments.kind {
        InventoryKind::Keys => inventory::keys::keys(&subjects),
        InventoryKind::Migrations => inventory::migrations::migrations(&work.files, &subjects),
        InventoryKind::Tables => inventory::tables::tables(&subjects),
        InventoryKind::Models => {
            let report = check::report(&work.files, &work.options, &runs)?;
            let left = discover::left_models(&work.files, runs.runs.iter().map(|run| &run.target));
            inventory::models::models(&work.files, &subjects, &report.findings, &left)
        }
    };
    if let Some(sheet) = &arguments.sheet {
        select(&mut listed, sheet)?;
    }
    let out = match arguments.format {
        InventoryFormat::Text => text::render(&listed, &work.files),
        InventoryFormat::Json => json::render(&listed, &work.files),
        InventoryFormat::Markdown => markdown::render(&listed, &work.files),
        InventoryFormat::Csv => {
            let first = listed.sheets.first();
            first.map_or_else(String::new, |sheet| csv::render(sheet, &work.files))
        }
    };
    work.files.let_go(subjects);
    work.files.let_go(runs);
    terminal::write(&out)?;
    Ok(Exit::Clean)
}

/// Keeps one sheet.
fn select(listed: &mut Inventory, wanted: &str) -> Result<(), Failure> {
    let names: Vec<&str> = listed.sheets.iter().map(|sheet| sheet.name).collect();
    if !names.contains(&wanted) {
        return Err(
            Failure::new(format!("there is no sheet {wanted:?}")).help(format!(
                "the sheets of {} are: {}",
                listed.name,
                names.join(", ")
            )),
        );
    }
    listed.sheets.retain(|sheet| sheet.name == wanted);
    Ok(())
}
