//! Encodings whose nodes are renamed.

use faultline::base::marks::renamed;
use faultline::base::{NodeId, codec};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Value = (Vec<NodeId>, BTreeMap<NodeId, (u64, BTreeMap<u16, NodeId>)>, Option<NodeId>, u16);

fn value() -> impl Strategy<Value = Value> {
    let node = || (0..4_u16).prop_map(NodeId);
    let inner = proptest::collection::btree_map(0..300_u16, node(), 0..4);
    let map = proptest::collection::btree_map(node(), (any::<u64>(), inner), 0..5);
    (proptest::collection::vec(node(), 0..5), map, proptest::option::of(node()), 0..4_u16)
}

fn rename(value: &Value, names: &[u16]) -> Value {
    let of = |node: &NodeId| NodeId(names[node.index()]);
    let inner = |inner: &BTreeMap<u16, NodeId>| -> BTreeMap<u16, NodeId> {
        inner.iter().map(|(key, node)| (*key, of(node))).collect()
    };
    (
        value.0.iter().map(of).collect(),
        value.1.iter().map(|(key, (number, more))| (of(key), (*number, inner(more)))).collect(),
        value.2.as_ref().map(of),
        value.3,
    )
}

fn encoded(value: &Value, names: &[u16]) -> Vec<u8> {
    let (mut bytes, mut marks, mut out) = (Vec::new(), Vec::new(), Vec::new());
    codec::append_marked(value, &mut bytes, &mut marks);
    assert_eq!(bytes, codec::to_bytes(value), "marks leave the encoding as it is");
    renamed(&bytes, &marks, names, &mut out);
    out
}

proptest! {
    /// What is renamed in the encoding is what is encoded of the renamed value; and nothing else is the same.
    #[test]
    fn an_encoding_is_renamed_as_the_value_is(one in value(), other in value(), names in Just(vec![0_u16, 1, 2, 3]).prop_shuffle()) {
        let same: Vec<u16> = (0..4).collect();
        prop_assert_eq!(encoded(&one, &names), encoded(&rename(&one, &names), &same));
        prop_assert_eq!(encoded(&one, &names) == encoded(&other, &same), rename(&one, &names) == other);
    }
}
