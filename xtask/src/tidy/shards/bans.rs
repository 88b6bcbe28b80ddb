//! What a proxy gives a wrong answer to without a word, drops the connection for, or has on one server
//! only.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArguments, GroupByExpr, LimitClause, ObjectName,
    Query, Select, SetExpr, SetOperator, SetQuantifier, Statement, Visit, Visitor,
};

use super::tables::last_part;

/// What is wrong in a statement, each once.
#[derive(Debug, Default)]
pub(super) struct Bans {
    /// Wherever it goes.
    pub(super) always: BTreeSet<&'static str>,
    /// If several shards may answer.
    pub(super) of_answers: BTreeSet<&'static str>,
}

pub(super) fn of(statement: &Statement) -> Bans {
    let mut bans = Bans::default();
    let _ = statement.visit(&mut bans);
    let is_notification = matches!(
        statement,
        Statement::LISTEN { .. } | Statement::UNLISTEN { .. } | Statement::NOTIFY { .. }
    );
    if is_notification {
        bans.always.insert(NOTIFICATION);
    }
    bans
}

const NOTIFICATION: &str = "no LISTEN or NOTIFY: a connection to a proxy hears nothing";
const DISTINCT: &str = "no DISTINCT: a proxy does not compare what different shards answer";

impl Bans {
    fn check_operation(&mut self, body: &SetExpr) {
        if let SetExpr::SetOperation { left, op, set_quantifier, right } = body {
            if *op != SetOperator::Union || *set_quantifier != SetQuantifier::All {
                self.of_answers
                    .insert("only UNION ALL: a proxy does not compare what shards answer");
            }
            self.check_operation(left);
            self.check_operation(right);
        }
    }

    fn check_name(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "array_agg" | "string_agg" | "json_agg" | "jsonb_agg" | "avg" => {
                self.of_answers.insert("only count, sum, min and max can be put together again");
            }
            "nextval" | "currval" | "setval" | "lastval" => {
                self.always.insert("no sequence: each shard would count for itself");
            }
            "pg_notify" => {
                self.always.insert(NOTIFICATION);
            }
            _ if name.contains("advisory") => {
                self.always.insert("no advisory lock: it is held on one shard alone");
            }
            _ => {}
        }
    }

    fn check_function(&mut self, function: &Function) {
        self.check_name(&last_part(&function.name));
        if function.over.is_some() {
            self.of_answers.insert("no window function: each shard would see its own rows alone");
        }
        if let FunctionArguments::List(list) = &function.args
            && list.duplicate_treatment == Some(DuplicateTreatment::Distinct)
        {
            self.of_answers.insert(DISTINCT);
        }
    }
}

impl Visitor for Bans {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.check_operation(&query.body);
        let skips = match &query.limit_clause {
            Some(LimitClause::LimitOffset { offset, .. }) => offset.is_some(),
            Some(LimitClause::OffsetCommaLimit { .. }) => true,
            None => false,
        };
        if skips {
            self.of_answers.insert("no OFFSET: go on after the last row that was read");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.having.is_some() {
            self.of_answers
                .insert("no HAVING: a proxy would ask it of each shard's part of a group");
        }
        if select.distinct.is_some() {
            self.of_answers.insert(DISTINCT);
        }
        if matches!(select.group_by, GroupByExpr::All(_)) {
            self.of_answers.insert("name what GROUP BY groups by");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.check_name(&last_part(relation));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expression {
            self.check_function(function);
        }
        ControlFlow::Continue(())
    }
}
