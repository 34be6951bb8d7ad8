//! Membership changes: one server at a time (dissertation, chapter 4), and joint consensus (section 6).

use super::lab::*;
use faultline::wire::Datum;

/// Configurations in a log that are not known to be committed.
fn open_changes(lab: &Lab, name: &str) -> usize {
    let entry = |text: &str| text.ends_with(":members") || text.ends_with(":joint");
    lab.card(name).cells.iter().filter(|cell| !cell.firm && entry(&cell.text)).count()
}

/// Dissertation, sections 4.1 and 4.2.1: a new server catches up before it votes; the next change waits for this one.
#[test]
fn one_server_at_a_time() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 1, &[], bug);
        lab.until(10).fires("n1").until(100).asks("c1 put x=1").until(200);
        lab.asks("c1 add-server s1").until(240).asks("c2 remove-server n2");
        let look = |lab: &Lab| {
            let open = open_changes(lab, "n1");
            (open > 1).then(|| format!("{open} configurations are under way in n1's log"))
        };
        lab.until_watched(1_000, look);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        answered(lab, "c1", "add-server s1", &Datum::None)?;
        answered(lab, "c2", "remove-server n2", &Datum::None)?;
        let voters = lab.number("n1", "voters");
        expect(voters == 3, || format!("{voters} voters"))?;
        same_logs(lab, &["n1", "n3", "s1"])
    }
    golden!(situation(run, claim, &["bug-overlapping-changes"]));
}

/// Section 6: while the configuration is joint, nothing is decided without a majority of the old members.
#[test]
fn joint_consensus_needs_both_majorities() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 2, &[], bug);
        lab.until(10).fires("n3").until(100).asks("c1 put x=1").until(300);
        lab.cuts("apart", "n1 n2 c1", "n3 s1 s2 c2").asks("c2 change-members = n3 s1 s2").until(500);
        if lab.log("n3").contains("1:joint") && !lab.log("n3").contains("(1:joint)") {
            lab.wrong.push("the joint configuration was committed by the new members alone".into());
        }
        lab.fires("n1").until(600).asks("c1 put x=2").until(800).heals().until(1_500);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        answered(lab, "c1", "put x=2", &Datum::None)?;
        answered(lab, "c2", "change-members =n3 s1 s2", &Datum::None)?;
        expect(lab.probe("s1", "x") == Datum::Int(2), || format!("s1 has x={}", lab.probe("s1", "x")))
    }
    golden!(situation(run, claim, &["bug-joint-by-new-majority"]));
}

/// Ongaro, raft-dev, 10 July 2015: two single-server changes, each by a leader that has committed nothing in its own term,
/// have majorities that do not meet. The rule that a leader first commits an entry of its term rules that out.
#[test]
fn the_2015_case() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(4, 1, &[("retry-after", "\"60ms\"")], bug);
        lab.until(10).fires("n1").until(200);
        // n1 adds s1: that reaches n1 and s1 only.
        lab.cuts("one", "n1 s1 c1", "n2 n3 n4 c2").asks("c1 add-server s1").until(330);
        // n2 is elected by n3 and n4, and is to remove n1; it reaches n3 only.
        lab.fires("n2").until(356).cuts("two", "n2 n3", "n4").until(380).asks("c2 remove-server n1").until(700);
        let removed = lab.ended("c2").iter().any(|(op, ..)| op == "remove-server n1");
        if removed {
            lab.wrong.push("n2 removed n1 before it committed anything in its term".into());
        }
        // n1 is elected by s1 and n4: a majority of its five members.
        lab.does("heal.name = \"one\"").cuts("three", "n2 n3", "n1 s1 n4");
        lab.until(800).fires("n1").until(900);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        let leaders = lab.leaders();
        expect(leaders.contains(&("n1".into(), 3)), || format!("n1 does not lead in term 3: {leaders:?}"))
    }
    golden!(situation(run, claim, &["bug-overlapping-changes"]));
}
