//! Goals from their files, fitted to the nodes of one run.

use super::compile::Wrong;
use super::condition::Condition;
use super::format::{ConditionFile, GoalFile, OptionFile};
use super::goal::{Aim, Goal};
use crate::lesson::spanned::Spanned;
use crate::wire::Opened;

impl Goal {
    pub fn compile(file: &Spanned<GoalFile>, run: &Opened) -> Result<Goal, Wrong> {
        let g = file.get_ref();
        let fit = |part: &Option<Spanned<ConditionFile>>| fit(part, run);
        let aim = aim(file, fit(&g.eventually)?, fit(&g.always)?, fit(&g.until)?)?;
        if (aim.guard().is_some() || g.within.is_some()) && g.missed.is_none() {
            return Err((file.span(), "this goal can be missed; say what to do then in missed = \"…\"".into()));
        }
        Ok(Goal {
            after: fit(&g.after)?,
            during: fit(&g.during)?,
            aim,
            within: g.within.as_ref().map(|t| *t.get_ref()),
            met: g.met.clone(),
            missed: g.missed.clone().unwrap_or_default(),
        })
    }

    /// An option of a prediction: true when its condition holds at the end.
    pub fn option(file: &Spanned<OptionFile>, run: &Opened) -> Result<Goal, Wrong> {
        let o = file.get_ref();
        let aim = Aim::AtEnd(Condition::compile(&o.when, run)?);
        let (met, missed) = (String::new(), String::new());
        Ok(Goal { after: fit(&o.after, run)?, during: None, aim, within: None, met, missed })
    }
}

fn fit(part: &Option<Spanned<ConditionFile>>, run: &Opened) -> Result<Option<Condition>, Wrong> {
    part.as_ref().map(|file| Condition::compile(file, run)).transpose()
}

fn aim(
    file: &Spanned<GoalFile>,
    eventually: Option<Condition>,
    always: Option<Condition>,
    until: Option<Condition>,
) -> Result<Aim, Wrong> {
    let length = file.get_ref().length.as_ref().map(|t| *t.get_ref());
    match (eventually, always, until, length) {
        (Some(goal), guard, None, hold) => Ok(Aim::Reach { goal, guard, hold }),
        (None, Some(guard), Some(goal), None) => Ok(Aim::Reach { goal, guard: Some(guard), hold: None }),
        (None, Some(guard), None, Some(length)) => Ok(Aim::Keep { guard, length }),
        _ => {
            let message = "a goal has one of: eventually = …; always = … with until = …; always = … with for = \"…\"";
            Err((file.span(), message.into()))
        }
    }
}
