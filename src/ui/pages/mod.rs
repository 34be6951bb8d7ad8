//! The pages.

pub mod about;
pub mod home;
pub mod lesson;

use super::controls::button;
use crate::view::route::Route;
use yew::prelude::*;

pub fn not_found(path: &str) -> Html {
    html! {
        <main id="main" class="page" tabindex="-1">
            <h1>{ "There is no such page" }</h1>
            <p>{ format!("Nothing is kept under “{path}”.") }</p>
            <p><a class="button pri" href={Route::Home.href()}>{ "To the course" }</a></p>
        </main>
    }
}

/// A load that failed, with another try.
pub fn failed(title: &str, why: &str, retry: Callback<MouseEvent>) -> Html {
    html! {
        <div class="failed" role="alert">
            <h2>{ title }</h2>
            <p>{ why }</p>
            { button("pri", "Try again", retry) }
        </div>
    }
}
