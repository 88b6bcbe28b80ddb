//! What a shard key is equal to in the rows that a statement is about.

use std::collections::BTreeSet;

/// Something that a shard key may be equal to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// The key of a relation, by its number in the statement.
    Key(usize),
    /// A parameter or a constant, or several.
    Value(String),
}

/// Pairs that are equal.
#[derive(Debug, Default)]
pub(super) struct Equal(pub(super) Vec<(Node, Node)>);

impl Equal {
    /// Everything that is equal to `node`, itself included.
    pub(super) fn to(&self, node: &Node) -> BTreeSet<Node> {
        let mut found = BTreeSet::from([node.clone()]);
        loop {
            let before = found.len();
            for (one, other) in &self.0 {
                if found.contains(one) || found.contains(other) {
                    found.extend([one.clone(), other.clone()]);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// Whether the statement says what `node` is.
    pub(super) fn is_given(&self, node: &Node) -> bool {
        self.to(node).iter().any(|node| matches!(node, Node::Value(_)))
    }
}
