//! A map from names in a sorted list: a handful of entries each, and a tenth of a tree's code in the page.

use std::ops::Index;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<V>(Vec<(String, V)>);

impl<V> Default for Named<V> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<V> Named<V> {
    fn place(&self, name: &str) -> Result<usize, usize> {
        let place = self.0.iter().position(|(n, _)| n.as_str() >= name).unwrap_or(self.0.len());
        if self.0.get(place).is_some_and(|(n, _)| n == name) { Ok(place) } else { Err(place) }
    }

    pub fn get(&self, name: &str) -> Option<&V> {
        Some(&self.0[self.place(name).ok()?].1)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let place = self.place(name).ok()?;
        Some(&mut self.0[place].1)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// What stands under a name, or `value` from now on.
    pub fn or_insert(&mut self, name: String, value: V) -> &mut V {
        let place = match self.place(&name) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (name, value));
                place
            }
        };
        &mut self.0[place].1
    }

    /// Puts a value under a name, in the place of an earlier one.
    pub fn insert(&mut self, name: String, value: V) {
        match self.place(&name) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (name, value)),
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<V> IntoIterator for Named<V> {
    type Item = (String, V);
    type IntoIter = std::vec::IntoIter<(String, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<V> Index<&str> for Named<V> {
    type Output = V;

    fn index(&self, name: &str) -> &V {
        self.get(name).expect("the name is there")
    }
}

/// As a map: the tests hold the form to what `serde_json` makes of it.
#[cfg(test)]
impl<V: serde::Serialize> serde::Serialize for Named<V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
impl<'de, V: serde::Deserialize<'de>> serde::Deserialize<'de> for Named<V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<String, V>::deserialize(deserializer)?;
        Ok(Named(map.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn does_as_a_tree_does(entries in prop::collection::vec(("[a-e]{0,2}", any::<u8>(), any::<bool>()), 0..40)) {
            let (mut ours, mut theirs) = (Named::default(), BTreeMap::new());
            for (name, value, keep) in entries {
                if keep {
                    prop_assert_eq!(*ours.or_insert(name.clone(), value), *theirs.entry(name).or_insert(value));
                } else {
                    ours.insert(name.clone(), value);
                    theirs.insert(name, value);
                }
            }
            prop_assert_eq!(ours.len(), theirs.len());
            prop_assert!(ours.into_iter().eq(theirs));
        }
    }
}
