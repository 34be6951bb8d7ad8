//! The design board, as plain data: a design as tables ([`doc`]) that are read from its text and written back ([`toml`]), what
//! there is to know of components ([`kinds`]) and what their fields hold ([`values`]), where they stand ([`layout`], [`frames`]), what is drawn ([`picture`]) and how much
//! of it is seen ([`camera`]), several components at once ([`clip`]), sliders that try other values ([`whatif`]), what a run has
//! shown ([`seen`]), how many runs are judged ([`score`]), and the interview around it ([`exercise`], [`interview`]). [`desk`]
//! holds all of it and knows what can be done.
//!
//! Nothing here runs a design: that is done by a worker (`jobs::design`), which is told in words and answers in JSON.

pub mod camera;
pub mod charts;
pub mod clip;
pub mod desk;
pub mod doc;
pub mod exercise;
pub mod frames;
pub mod interview;
pub mod kinds;
pub mod layout;
pub mod picture;
pub mod score;
pub mod seen;
pub mod toml;
pub mod values;
pub mod whatif;

#[cfg(test)]
mod tests;
