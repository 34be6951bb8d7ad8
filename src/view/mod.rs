//! Layer 2, pure and over the wire only: what the page shows, as plain data.
//!
//! The stage is a display list (shapes and texts with roles of colour) computed from a run's frame, a size and a moment;
//! the canvas paints it and knows nothing else. Layout, hit tests, placing of labels, words, addresses of pages, the form of
//! the sandbox and the search for where two runs part live here too, so that all of it is tested natively. Nothing here draws, waits or remembers.

pub mod acts;
pub mod arrange;
pub mod board;
pub mod cap;
pub mod catalogue;
pub mod chart;
pub mod compare;
pub mod concepts;
pub mod display;
pub mod faults;
pub mod history;
pub mod hit;
pub mod inspect;
pub mod jobs;
pub mod judged;
pub mod keys;
pub mod labels;
pub mod lattice;
pub mod layout;
pub mod link;
pub mod messages;
pub mod minimap;
pub mod nodes;
mod pixels;
pub mod route;
pub mod sandbox;
pub mod search;
pub mod slice;
pub mod spacetime;
pub mod stage;
pub mod track;
pub mod words;

#[cfg(test)]
mod tests;

pub use display::{Align, Display, Form, Ink, Layer, Shape, Style, Text};
pub use layout::{Camera, Layout, Point, Rect};
pub use pixels::{MANY, Pixels};
pub use stage::{Scene, Stage, Target};
