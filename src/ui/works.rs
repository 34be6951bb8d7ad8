//! What runs beside the bench, and its workers. They are started and heard by the rest of the page (`bench::jobs`).

use super::engine::Link;
use crate::view::board::desk::Desk;
use crate::view::jobs::Jobs;
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

/// A worker of a sweep, as long as it is needed, and the seeds that it still has to run.
type Sweeper = (Option<Rc<Link>>, (u64, u64));

#[derive(Default)]
pub struct Works {
    /// What judges the run ([`super::judge`]), once that was asked for.
    pub judge: RefCell<Option<Rc<dyn Any>>>,
    pub sweepers: RefCell<Vec<Sweeper>>,
    /// The worker of a search.
    pub hunter: RefCell<Option<Rc<Link>>>,
    /// What is known of both, once something was asked for.
    pub jobs: RefCell<Option<Rc<Jobs>>>,
    /// The design board, its worker, and those that grade ([`super::board`]).
    pub desk: RefCell<Option<Rc<Desk>>>,
    pub designer: RefCell<Option<Rc<Link>>>,
    pub graders: RefCell<Vec<Sweeper>>,
}
