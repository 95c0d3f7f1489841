//! What tables that are made together are to each other: which come first, what columns have from those that they refer to.

use crate::name::QualifiedName;
use crate::stacks::sqlalchemy::table::{self, TableDef};

/// A column without a type has that of the column that it refers to.
pub(super) fn types_of_references(defs: &mut [TableDef<'_>]) {
    for at in 0..defs.len() {
        let Some(def) = defs.get(at) else { continue };
        let mut found = Vec::new();
        for (i, column) in def.columns.iter().enumerate().filter(|(_, c)| c.ty.is_none()) {
            let Ok(Some(name)) = &column.name else { continue };
            let referred = def.constraints.iter().find_map(|c| match &c.kind {
                table::ConstraintKind::ForeignKey(key) => {
                    let at = key.columns.as_ref().ok()?.iter().position(|c| c == name)?;
                    let referenced = key.referenced.as_ref().ok()?.get(at)?;
                    Some((key.table.as_ref().ok()?, referenced))
                }
                _ => None,
            });
            let Some((table, referenced)) = referred else {
                continue;
            };
            let ty = defs
                .iter()
                .filter(|d| d.qualified().as_ref() == Ok(table))
                .flat_map(|d| &d.columns)
                .find(|c| c.name.as_ref().ok().and_then(Option::as_ref) == Some(referenced))
                .and_then(|c| c.ty.clone());
            found.extend(ty.map(|ty| (i, ty)));
        }
        for (i, ty) in found {
            if let Some(column) = defs.get_mut(at).and_then(|d| d.columns.get_mut(i)) {
                column.ty = Some(ty);
            }
        }
    }
}

/// Whether a table refers to no table but these, and to none that does otherwise.
pub(super) fn refers_within(def: &TableDef<'_>, defs: &[TableDef<'_>]) -> bool {
    let mut open = vec![def];
    let mut seen: Vec<&TableDef<'_>> = Vec::new();
    while let Some(next) = open.pop() {
        if seen.iter().any(|known| std::ptr::eq(*known, next)) {
            continue;
        }
        seen.push(next);
        for constraint in &next.constraints {
            let table::ConstraintKind::ForeignKey(key) = &constraint.kind else {
                continue;
            };
            let target = defs
                .iter()
                .find(|other| other.qualified().as_ref() == key.table.as_ref());
            match target {
                Some(target) => open.push(target),
                None => return false,
            }
        }
    }
    true
}

/// Tables that others refer to come first.
pub(super) fn sorted(defs: Vec<TableDef<'_>>) -> Vec<TableDef<'_>> {
    let names: Vec<Option<QualifiedName>> = defs.iter().map(|d| d.qualified().ok()).collect();
    let needs: Vec<Vec<usize>> = defs
        .iter()
        .map(|def| {
            let keys = def.constraints.iter().filter_map(|c| match &c.kind {
                table::ConstraintKind::ForeignKey(key) => key.table.as_ref().ok(),
                _ => None,
            });
            keys.filter_map(|table| names.iter().position(|n| n.as_ref() == Some(table)))
                .collect()
        })
        .collect();
    let mut order = Vec::with_capacity(defs.len());
    let mut placed = vec![false; defs.len()];
    // Rounds: what needs nothing that is still to come; a circle is broken at its first table.
    while order.len() < defs.len() {
        let free = (0..defs.len())
            .find(|&i| !placed[i] && needs[i].iter().all(|&n| placed[n] || n == i))
            .or_else(|| (0..defs.len()).find(|&i| !placed[i]));
        let Some(next) = free else { break };
        placed[next] = true;
        order.push(next);
    }
    let mut slots: Vec<Option<TableDef<'_>>> = defs.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|i| slots.get_mut(i).and_then(Option::take))
        .collect()
}
