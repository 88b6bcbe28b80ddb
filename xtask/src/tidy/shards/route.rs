//! Where a statement goes: which rows it touches, and whether their shard keys say so.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Delete, Expr, FromTable, Ident, Insert, Join, JoinConstraint, JoinOperator,
    ObjectName, Query, Select, SetExpr, Statement, TableFactor, TableObject, TableWithJoins,
    Update, UpdateTableFromKind, Value, Visit, Visitor, With,
};

use super::equal::{Equal, Node};
use super::merge::{may_be_merged, projected};
use super::tables::{Place, Tables, last_part};

/// What hinders a proxy from knowing where a statement goes.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// In what it writes.
    pub(super) writes: Vec<String>,
    /// In what it reads.
    pub(super) reads: Vec<String>,
}

pub(super) fn of(statement: &Statement, tables: &Tables) -> Faults {
    let mut router = Router {
        tables,
        named: BTreeSet::new(),
        relations: Vec::new(),
        equal: Equal::default(),
        home: None,
        depth: 0,
        anywhere: None,
        faults: Faults::default(),
    };
    router.statement(statement);
    if let Some(table) = router.anywhere.take()
        && !matches!(statement, Statement::Query(query) if may_be_merged(query))
    {
        router
            .faults
            .reads
            .push(format!("`{table}` is read without its shard key: give it, or ORDER BY … LIMIT"));
    }
    router.faults
}

/// A table in a `FROM`, or what stands in the place of one.
struct Relation {
    alias: String,
    /// The table and its shard key, if it is spread over shards.
    spread: Option<(String, &'static str)>,
}

/// Walks a statement from the outside to the inside. What a part says about keys holds for the parts
/// in it, and for no others.
struct Router<'a> {
    tables: &'a Tables,
    /// What `WITH` has named.
    named: BTreeSet<String>,
    relations: Vec<Relation>,
    equal: Equal,
    /// What the key is equal to of the first table that was met: all others must stand with it.
    home: Option<BTreeSet<Node>>,
    depth: usize,
    /// A table of the outermost `SELECT` that is read on whatever shard it stands.
    anywhere: Option<String>,
    faults: Faults,
}

impl Router<'_> {
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            _ => {}
        }
    }

    fn query(&mut self, query: &Query) {
        self.names(query.with.as_ref());
        if !query.locks.is_empty() && self.depth == 0 {
            self.locks(&query.body);
        }
        self.body(&query.body, None);
    }

    fn names(&mut self, with: Option<&With>) {
        for named in with.iter().flat_map(|with| &with.cte_tables) {
            self.inside(|router| router.query(&named.query));
            self.named.insert(named.alias.name.value.clone());
        }
    }

    fn body(&mut self, body: &SetExpr, key_of_new: Option<usize>) {
        match body {
            SetExpr::Select(select) => self.select(select, key_of_new),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, key_of_new);
                self.body(right, key_of_new);
            }
            SetExpr::Values(values) => {
                for row in &values.rows {
                    let key = key_of_new.and_then(|place| row.content.get(place));
                    self.new_row(key_of_new.is_some(), key);
                }
                self.parts(values);
            }
            SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) => {
                self.statement(inner);
            }
            _ => {}
        }
    }

    fn select(&mut self, select: &Select, key_of_new: Option<usize>) {
        self.scope(&select.from, select.selection.as_ref(), |router, own| {
            for number in own {
                router.reads(number);
            }
            let key = key_of_new.and_then(|place| projected(select.projection.get(place)?));
            router.new_row(key_of_new.is_some(), key);
            router.parts(select);
        });
    }

    fn insert(&mut self, insert: &Insert) {
        let TableObject::TableName(name) = &insert.table else { return };
        let table = last_part(name);
        let place = match self.tables.place_of_new(&table) {
            Place::Unknown => {
                self.faults.writes.push(format!("no migration makes `{table}`"));
                return;
            }
            Place::OneServer => None,
            Place::Spread(key) => {
                let place = insert.columns.iter().position(|column| last_part(column) == key);
                if place.is_none() {
                    self.faults.writes.push(format!("INSERT INTO {table} names no `{key}`"));
                    return;
                }
                place
            }
        };
        if let Some(source) = &insert.source {
            self.names(source.with.as_ref());
            self.inside(|router| router.body(&source.body, place));
        }
        self.parts(&insert.on);
        self.parts(&insert.returning);
    }

    fn update(&mut self, update: &Update) {
        let mut from = vec![update.table.clone()];
        match &update.from {
            Some(UpdateTableFromKind::BeforeSet(more) | UpdateTableFromKind::AfterSet(more)) => {
                from.extend(more.iter().cloned());
            }
            None => {}
        }
        self.write("UPDATE", &from, update.selection.as_ref(), update);
    }

    fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let mut from = from.clone();
        from.extend(delete.using.iter().flatten().cloned());
        self.write("DELETE", &from, delete.selection.as_ref(), delete);
    }

    /// Of the relations of an `UPDATE` or `DELETE`, the first is written to.
    fn write(
        &mut self,
        verb: &str,
        from: &[TableWithJoins],
        selection: Option<&Expr>,
        whole: &impl Visit,
    ) {
        self.scope(from, selection, |router, own| {
            for (place, number) in own.enumerate() {
                if place > 0 {
                    router.reads(number);
                } else if let Some((table, key)) = router.relations[number].spread.clone() {
                    if !router.is_given(number) {
                        router.faults.writes.push(format!(
                            "{verb} of `{table}` needs `{key} = $n` or `{key} = ANY($n)` in WHERE"
                        ));
                    }
                    router.stands_with_others(&Node::Key(number), &table);
                }
            }
            router.parts(whole);
        });
    }

    /// A lock is held until a transaction ends, and that stays on one shard.
    fn locks(&mut self, body: &SetExpr) {
        let SetExpr::Select(select) = body else { return };
        self.scope(&select.from, select.selection.as_ref(), |router, own| {
            for number in own {
                if let Some((table, key)) = router.relations[number].spread.clone()
                    && !router.is_given(number)
                {
                    let fault = format!("FOR UPDATE of `{table}` needs `{key}` in WHERE");
                    router.faults.writes.push(fault);
                }
            }
        });
    }

    /// Runs `inner` with the relations and the equal keys of a `FROM` and a `WHERE`.
    fn scope(
        &mut self,
        from: &[TableWithJoins],
        selection: Option<&Expr>,
        inner: impl FnOnce(&mut Self, std::ops::Range<usize>),
    ) {
        let (before, equal) = (self.relations.len(), self.equal.0.len());
        for table in from {
            self.enter(table);
        }
        let own = before..self.relations.len();
        for table in from {
            self.joins(&table.joins);
        }
        self.conditions(selection);
        inner(self, own.clone());
        self.equal.0.truncate(equal);
        // Numbers are given once: a key of another part must not be taken for one of these.
        for relation in &mut self.relations[own] {
            relation.alias.clear();
        }
    }

    fn enter(&mut self, table: &TableWithJoins) {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            match factor {
                TableFactor::NestedJoin { table_with_joins, .. } => self.enter(table_with_joins),
                TableFactor::Table { name, alias, args: None, .. } => {
                    let table = last_part(name);
                    let alias = alias.as_ref().map_or(&table, |alias| &alias.name.value).clone();
                    let spread = self.spread(table);
                    self.relations.push(Relation { alias, spread });
                }
                _ => {}
            }
        }
    }

    fn spread(&mut self, table: String) -> Option<(String, &'static str)> {
        if self.named.contains(&table) {
            return None;
        }
        match self.tables.place(&table) {
            Place::Spread(key) => Some((table, key)),
            Place::OneServer => None,
            Place::Unknown => {
                self.faults.writes.push(format!("no migration makes `{table}`"));
                None
            }
        }
    }

    fn joins(&mut self, joins: &[Join]) {
        for join in joins {
            match constraint(&join.join_operator) {
                Some(JoinConstraint::On(condition)) => self.conditions(Some(condition)),
                Some(JoinConstraint::Using(columns)) => self.same_columns(columns),
                _ => {}
            }
        }
    }

    fn same_columns(&mut self, columns: &[ObjectName]) {
        let is_key = |relation: &Relation| {
            let key = relation.spread.as_ref().map(|(_, key)| *key);
            !relation.alias.is_empty()
                && columns.iter().any(|column| Some(&*last_part(column)) == key)
        };
        let keys: Vec<usize> =
            (0..self.relations.len()).filter(|number| is_key(&self.relations[*number])).collect();
        let pairs = keys.windows(2).map(|two| (Node::Key(two[0]), Node::Key(two[1])));
        self.equal.0.extend(pairs);
    }

    /// Takes down what must be equal for a condition to hold.
    fn conditions(&mut self, condition: Option<&Expr>) {
        match condition {
            Some(Expr::Nested(inner)) => self.conditions(Some(inner)),
            Some(Expr::BinaryOp { left, op: BinaryOperator::And, right }) => {
                self.conditions(Some(left));
                self.conditions(Some(right));
            }
            Some(Expr::BinaryOp { left, op: BinaryOperator::Eq, right }) => {
                self.equals(left, right);
            }
            Some(Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. }) => {
                if let (Some(key), Some(Node::Value(values))) = (self.node(left), self.node(right))
                {
                    self.equal.0.push((key, Node::Value(format!("any of {values}"))));
                }
            }
            Some(Expr::InList { expr, list, negated: false }) => {
                let values: Option<Vec<_>> = list.iter().map(|value| self.node(value)).collect();
                let is_value = |node: &Node| matches!(node, Node::Value(_));
                if let (Some(key), Some(values)) = (self.node(expr), values)
                    && values.iter().all(is_value)
                {
                    self.equal.0.push((key, Node::Value(format!("one of {values:?}"))));
                }
            }
            _ => {}
        }
    }

    fn equals(&mut self, left: &Expr, right: &Expr) {
        if let (Expr::Tuple(left), Expr::Tuple(right)) = (left, right) {
            for (left, right) in left.iter().zip(right) {
                self.equals(left, right);
            }
        }
        if let (Some(left), Some(right)) = (self.node(left), self.node(right)) {
            self.equal.0.push((left, right));
        }
    }

    fn node(&self, expression: &Expr) -> Option<Node> {
        match expression {
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => self.node(inner),
            Expr::Value(value) if value.value != Value::Null => {
                Some(Node::Value(value.to_string()))
            }
            Expr::Identifier(column) => self.key_called(None, column),
            Expr::CompoundIdentifier(parts) => {
                let [.., relation, column] = parts.as_slice() else { return None };
                self.key_called(Some(relation), column)
            }
            _ => None,
        }
    }

    /// The shard key that a column is, of the innermost relation that has such a column.
    fn key_called(&self, relation: Option<&Ident>, column: &Ident) -> Option<Node> {
        let column = column.value.as_str();
        let is_meant = |candidate: &Relation| match (relation, &candidate.spread) {
            (Some(relation), _) => candidate.alias == relation.value,
            (None, Some((table, _))) => {
                !candidate.alias.is_empty() && self.tables.has_column(table, column)
            }
            (None, None) => false,
        };
        let number = self.relations.iter().rposition(is_meant)?;
        let (_, key) = self.relations[number].spread.as_ref()?;
        (*key == column).then_some(Node::Key(number))
    }

    /// A relation of a `FROM` is read.
    fn reads(&mut self, number: usize) {
        let Some((table, _)) = self.relations[number].spread.clone() else { return };
        let is_first = self.home.is_none();
        self.stands_with_others(&Node::Key(number), &table);
        if self.is_given(number) {
            return;
        }
        if self.depth == 0 {
            self.anywhere.get_or_insert(table);
        } else if is_first {
            let fault = format!("`{table}` is read without its shard key in a part of a statement");
            self.faults.reads.push(fault);
        }
    }

    /// A row is added whose key is `key`.
    fn new_row(&mut self, is_added: bool, key: Option<&Expr>) {
        if !is_added {
            return;
        }
        let node = key.and_then(|key| self.node(key));
        let is_one = node.as_ref().is_some_and(|node| self.equal.is_given(node));
        match node {
            Some(node) if is_one => self.stands_with_others(&node, "what is added"),
            _ => self.faults.writes.push(
                "the shard key of what is added is no parameter: group the rows by it, a statement \
                 for each"
                    .to_owned(),
            ),
        }
    }

    fn stands_with_others(&mut self, node: &Node, what: &str) {
        let equal = self.equal.to(node);
        match &self.home {
            Some(home) if home.is_disjoint(&equal) => self.faults.reads.push(format!(
                "`{what}` may stand on another shard than the rest: join on equal shard keys, or \
                 ask in a statement of its own"
            )),
            Some(_) => {}
            None => self.home = Some(equal),
        }
    }

    fn is_given(&self, number: usize) -> bool {
        self.equal.is_given(&Node::Key(number))
    }

    /// The queries in a part of a statement.
    fn parts(&mut self, part: &impl Visit) {
        let mut outermost = Outermost::default();
        let _ = part.visit(&mut outermost);
        for query in outermost.queries {
            self.inside(|router| router.query(&query));
        }
    }

    fn inside(&mut self, inner: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => Some(constraint),
        _ => None,
    }
}

/// Collects queries, and not those within them.
#[derive(Default)]
struct Outermost {
    queries: Vec<Query>,
    depth: usize,
}

impl Visitor for Outermost {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if self.depth == 0 {
            self.queries.push(query.clone());
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}
