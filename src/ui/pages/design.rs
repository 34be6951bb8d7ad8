//! The design board: what there is to design, and the board with its score.

use super::super::app::Ctx;
use super::super::board;
use yew::prelude::*;

pub fn page(ctx: &Ctx) -> Html {
    board::page(ctx)
}
