//! Measurements of lessons, in a worker of their own beside the bench.

use super::engine::{Heard, Link};
use super::lab::{Core, ENGINE};
use super::state::Action;
use crate::wire::{Reply, Request};
use std::rc::Rc;

impl Core {
    /// Measures in the background: slice after slice is asked for as the answers come.
    pub fn measure(&self, step: u32, choices: Vec<u32>) {
        let Some((name, pack)) = self.lesson.borrow().clone() else { return };
        let me = self.me.clone();
        let hear = move |heard| {
            if let Some(core) = me.upgrade() {
                core.swept(heard);
            }
        };
        let link = Link::new(ENGINE, Box::new(hear));
        link.send(Request::LoadLesson { name, pack });
        link.send(Request::Measure { step, choices, done: 0 });
        *self.sweeper.borrow_mut() = Some(link);
        (self.dispatch).dispatch(Action::Measuring(true));
    }

    /// Ends the measurement that is under way, and its worker. What was measured so far stays.
    pub fn stop_measuring(&self) {
        if self.sweeper.take().is_some() {
            (self.dispatch).dispatch(Action::Measuring(false));
        }
    }

    fn swept(&self, heard: Heard) {
        match heard {
            Heard::Reply(_, Reply::Measured(measured)) => {
                if measured.done < measured.runs
                    && let Some(link) = &*self.sweeper.borrow()
                {
                    let (step, choices) = (measured.step, measured.choices.clone());
                    link.send(Request::Measure { step, choices, done: measured.done });
                }
                (self.dispatch).dispatch(Action::Measured(Rc::new(*measured)));
            }
            Heard::Reply(_, Reply::Failed(why)) | Heard::Died(why, _) => {
                (self.dispatch).dispatch(Action::Toast(why));
                (self.dispatch).dispatch(Action::Measuring(false));
            }
            Heard::Reply(..) => {}
        }
    }
}
