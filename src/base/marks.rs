//! Where an encoding names nodes, and where it has maps: so that the encoding of the same with other names for the nodes can
//! be made of it.

/// A place in an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A node's name begins.
    Node(usize),
    /// A map's entries begin; one of them does; they are over.
    Map,
    Entry(usize),
    End(usize),
}

/// The page's engines make no marks, and so do without the code for them: only the command line asks for it.
pub const MADE: bool = cfg!(not(target_arch = "wasm32"));

/// Names that take one byte of an encoding.
pub const NAMES_MAX: usize = 128;

/// Appends the encoding with each node's name replaced, and the entries of each map in the order of their bytes: two values
/// that differ by the renaming and the order of maps alone have the same.
pub fn renamed(bytes: &[u8], marks: &[Mark], names: &[u16], out: &mut Vec<u8>) {
    let mut from = 0;
    let mut open: Vec<Vec<usize>> = Vec::new();
    for mark in marks {
        match *mark {
            Mark::Node(at) => {
                out.extend_from_slice(&bytes[from..at]);
                out.push(names[usize::from(bytes[at])] as u8);
                from = at + 1;
            }
            Mark::Map => open.push(Vec::new()),
            Mark::Entry(at) => {
                out.extend_from_slice(&bytes[from..at]);
                from = at;
                open.last_mut().expect("an entry is of a map").push(out.len());
            }
            Mark::End(at) => {
                out.extend_from_slice(&bytes[from..at]);
                from = at;
                sort(&open.pop().expect("a map that ends has begun"), out);
            }
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

/// Sorts what lies at the end, as parts that begin there.
fn sort(starts: &[usize], out: &mut Vec<u8>) {
    let Some(first) = starts.first() else { return };
    let all = out.split_off(*first);
    let end = first + all.len();
    let ends = starts.iter().skip(1).copied().chain([end]);
    let mut parts: Vec<&[u8]> = starts.iter().zip(ends).map(|(from, to)| &all[from - first..to - first]).collect();
    parts.sort_unstable();
    parts.iter().for_each(|part| out.extend_from_slice(part));
}
