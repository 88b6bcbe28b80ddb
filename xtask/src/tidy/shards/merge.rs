//! What several shards answer, put together.

use sqlparser::ast::{Expr, GroupByExpr, LimitClause, Query, SelectItem, SetExpr};

use super::tables::last_part;

/// Whether what several shards answer can be put together: sums of sums, or the first of the first.
pub(super) fn may_be_merged(query: &Query) -> bool {
    let is_limited =
        matches!(&query.limit_clause, Some(LimitClause::LimitOffset { limit: Some(_), .. }));
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    let is_total = |item: &SelectItem| projected(item).is_some_and(is_total);
    !is_grouped
        && (query.order_by.is_some() && is_limited || select.projection.iter().all(is_total))
}

fn is_total(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_total(inner),
        Expr::Function(function) => {
            let name = last_part(&function.name).to_ascii_lowercase();
            ["count", "sum", "min", "max"].contains(&name.as_str())
        }
        _ => false,
    }
}

/// What a column of an answer is computed from.
pub(super) fn projected(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expression)
        | SelectItem::ExprWithAlias { expr: expression, .. } => Some(expression),
        _ => None,
    }
}
