//! `faultline progress verify`.

use super::{FAILED, UNKNOWN, lessons, print};
use crate::lesson::verify::{Proof, verify};
use crate::progress::Progress;
use crate::protocols;
use std::path::Path;
use std::process::ExitCode;

/// Plays again what a learner handed in.
pub fn check(file: &Path, folder: &Path) -> Result<ExitCode, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let progress = Progress::read(&text).map_err(|why| format!("{}: {why}", file.display()))?;
    let drafts = lessons::drafts(folder)?;
    if let Some(class) = &progress.class {
        print(&format!("class: seed {}, lessons {}\n", class.seed, class.lessons.join(", ")));
    }
    let (mut confirmed, mut refuted, mut unknown) = (0, 0, 0);
    for claim in verify(&progress, &drafts, protocols::all()) {
        let said = match claim.proof {
            Proof::Confirmed { at, commands } => {
                confirmed += 1;
                format!("confirmed, met at {at} by {commands} commands")
            }
            Proof::Refuted(why) => {
                refuted += 1;
                format!("NOT CONFIRMED: {why}")
            }
            Proof::Unknown(why) => {
                unknown += 1;
                format!("cannot be checked: {why}")
            }
        };
        print(&format!("{} {}: {said}\n", claim.slug, claim.key));
    }
    for (slug, own) in progress.lessons.iter() {
        let right = own.answers.iter().filter(|(_, answer)| answer.truth == Some(answer.option)).count();
        let hints: u32 = own.hints.iter().map(|(_, opened)| *opened).sum();
        let finished = if own.finished { "finished" } else { "not finished" };
        let answers = own.answers.len();
        print(&format!("{slug}: {finished}, {right} of {answers} predictions right, {hints} hints opened\n"));
    }
    print(&format!("{confirmed} goals confirmed, {refuted} not, {unknown} cannot be checked\n"));
    print("This says that these commands meet these goals, not who gave them.\n");
    Ok(match (refuted, unknown) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(UNKNOWN),
        _ => ExitCode::from(FAILED),
    })
}
