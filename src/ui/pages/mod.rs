//! The pages.

pub mod about;
pub mod cap;
pub mod class;
pub mod compare;
pub mod design;
pub mod glossary;
pub mod home;
pub mod lesson;
pub mod review;
pub mod run;
pub mod sandbox;
pub mod search;
pub mod style;

use super::controls::{button, link, tag, words};
use crate::view::route::Route;
use yew::prelude::*;

pub fn not_found(path: &str) -> Html {
    let inside = vec![
        words("h1", "", "There is no such page"),
        words("p", "", &format!("Nothing is kept under “{path}”.")),
        tag("p", &[], &[], vec![link("button pri", &Route::Home.href(), "To the course")]),
    ];
    tag("main", &["id", "class", "tabindex"], &["main", "page", "-1"], inside)
}

/// A load that failed, with another try.
pub fn failed(title: &str, why: &str, retry: Callback<MouseEvent>) -> Html {
    let inside = vec![words("h2", "", title), words("p", "", why), button("pri", "Try again", retry)];
    tag("div", &["class", "role"], &["failed", "alert"], inside)
}
