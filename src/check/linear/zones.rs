//! Reads and writes of one value, where each write writes something else: then it is known which write each read has seen,
//! and whether there is an order follows from comparing intervals (P. Gibbons, E. Korach: Testing shared memories, SIAM
//! Journal on Computing 26(4), 1997, section 4), in the time of a sort instead of a search.
//!
//! A write and the reads that saw it must stand together. Their *zone* lies between the first completion and the last
//! invocation among them. Where the first completion is earlier (a forward zone) the value must be there all along;
//! otherwise (a backward zone) one moment of the zone is enough. There is an order if no read ended before its write began,
//! no two forward zones overlap, and no backward zone lies within a forward one.

use super::search::{Found, Item};
use crate::check::spec::{Access, Value};
use crate::wire::Datum;
use std::collections::BTreeMap;

/// A write and its reads.
struct Cluster {
    /// None: what was there from the beginning.
    write: Option<usize>,
    reads: Vec<usize>,
}

/// Judges items by what each does; none where this way cannot tell: an item is something else, or two write the same.
pub fn judge<'a, C>(items: &'a [Item<C>], access: impl Fn(&'a C) -> Option<Access<'a>>) -> Option<Found> {
    let mut accesses = Vec::with_capacity(items.len());
    for item in items {
        accesses.push(access(&item.call).filter(|own| matches!(own, Access::Read(_) | Access::Write(_)))?);
    }
    let mut clusters = vec![Cluster { write: None, reads: Vec::new() }];
    // The register holds nothing from the beginning.
    let mut by_value = BTreeMap::from([(Value::Number(0), 0), (Value::Datum(&Datum::None), 0)]);
    for (item, access) in accesses.iter().enumerate() {
        if let Access::Write(value) = access {
            if by_value.insert(*value, clusters.len()).is_some() {
                return None;
            }
            clusters.push(Cluster { write: Some(item), reads: Vec::new() });
        }
    }
    for (item, access) in accesses.iter().enumerate() {
        if let Access::Read(value) = access {
            match by_value.get(value) {
                Some(cluster) => clusters[*cluster].reads.push(item),
                None => return Some(Found::Nothing),
            }
        }
    }
    let order = order(items, &mut clusters);
    debug_assert!(order.iter().all(|order| keeps_to_real_time(items, order)), "an order that real time allows");
    Some(order.map_or(Found::Nothing, Found::Order))
}

/// Places are doubled, so that there is one between any two.
fn order<C>(items: &[Item<C>], clusters: &mut [Cluster]) -> Option<Vec<usize>> {
    let mut forward = Vec::new();
    let mut backward = Vec::new();
    for (place, cluster) in clusters.iter().enumerate() {
        let members = || cluster.write.iter().chain(&cluster.reads).map(|item| &items[*item]);
        // What was there from the beginning was written before everything.
        let first = cluster.write.map_or(Some(-1), |_| members().map(|item| i64::from(item.completed) * 2).min())?;
        let last = members().map(|item| i64::from(item.invoked) * 2).max().unwrap_or(-1);
        let began = cluster.write.map_or(-1, |write| i64::from(items[write].invoked) * 2);
        if first < began {
            return None;
        }
        let zones = if first <= last { &mut forward } else { &mut backward };
        zones.push((first.min(last), first.max(last), place));
    }
    forward.sort_unstable();
    if forward.windows(2).any(|two| two[1].0 < two[0].1) {
        return None;
    }
    let mut moments: Vec<(i64, usize)> = forward.iter().map(|(from, _, place)| (*from, *place)).collect();
    for (from, to, place) in backward {
        let before = forward.partition_point(|zone| zone.0 < from);
        let moment = match before.checked_sub(1).map(|zone| forward[zone].1) {
            Some(end) if end > to => return None,
            Some(end) if end > from => end + 1,
            _ => from + 1,
        };
        moments.push((moment, place));
    }
    moments.sort_unstable();
    let mut order = Vec::with_capacity(items.len());
    for (_, place) in moments {
        let cluster = &mut clusters[place];
        cluster.reads.sort_unstable_by_key(|item| items[*item].invoked);
        order.extend(cluster.write);
        order.append(&mut cluster.reads);
    }
    Some(order)
}

/// No item was over before one that stands earlier began.
fn keeps_to_real_time<C>(items: &[Item<C>], order: &[usize]) -> bool {
    let mut latest = 0;
    order.iter().all(|item| {
        latest = latest.max(items[*item].invoked);
        items[*item].completed >= latest
    })
}
