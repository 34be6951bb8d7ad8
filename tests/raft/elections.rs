//! Elections (sections 5.1, 5.2, 5.4.1), pre-vote, check-quorum, transfer (dissertation, sections 3.10, 6.2, 9.6).

use super::lab::*;
use faultline::wire::{Datum, Outcome};

/// Time-outs as the paper has them, and servers that refuse votes while they hear a leader.
const LIVELY: [(&str, &str); 4] = [
    ("election-timeout-min", "\"150ms\""),
    ("election-timeout-max", "\"300ms\""),
    ("heartbeat-interval", "\"50ms\""),
    ("leader-stickiness", "true"),
];

fn lively(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    LIVELY.iter().chain(more).copied().collect()
}

/// Section 5.2: two stand for election in one term; the third votes for the first who asks, so that one of them wins, and
/// its heartbeats make the other a follower.
#[test]
fn first_election() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[], bug);
        lab.until(10).fires("n1").until(12).fires("n2").until(200);
        lab
    }
    golden!(situation(run, |lab| leads(lab, "n1", 1), &["bug-double-vote"]));
}

/// Section 5.2: all stand at once, nobody wins; time-outs are drawn anew, so that the next time somebody is first.
#[test]
fn split_vote() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &lively(&[]), bug);
        lab.until(10).does("align-timers = { kind = \"election\" }").until(1_500);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        let leaders = lab.leaders();
        expect(lab.transcript().contains("split vote: nobody won term 1 here"), || "term 1 was won".into())?;
        expect(leaders.len() == 1, || format!("after 1.5 s the leaders are {leaders:?}"))
    }
    golden!(situation(run, claim, &["bug-same-timeouts"]));
}

/// Figure 2, persistent state: a server that crashes after it voted, and is asked by another in the same term, has not
/// forgotten.
#[test]
fn a_vote_survives_a_crash() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[], bug);
        lab.cuts("between candidates", "n1", "n2")
            .does("link = { from = [\"n2\"], to = [\"n3\"], latency.constant = \"60ms\" }");
        lab.until(10).fires("n1").until(12).fires("n2");
        lab.until(32).does("crash.node = \"n3\"").until(35).cuts("heartbeats", "n1", "n3");
        lab.until(40).does("restart.node = \"n3\"").until(200);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        leads(lab, "n1", 1)?;
        expect(lab.received("n3", "RequestVote term 1") == 2, || "n3 was not asked twice".into())
    }
    golden!(situation(run, claim, &["bug-vote-not-persisted", "bug-term-not-persisted"]));
}

/// Section 5.4.1: who lacks a committed entry is not elected.
#[test]
fn a_log_that_is_behind_does_not_win() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[], bug);
        lab.until(10).fires("n1").until(100).cuts("n3 apart", "n3", "n1 n2");
        lab.asks("c1 put x=1").until(300).does("crash.node = \"n1\"").heals();
        lab.until(310).fires("n3").until(400).fires("n2").until(700);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        answered(lab, "c1", "put x=1", &Datum::None)?;
        leads(lab, "n2", 3)?;
        expect(lab.probe("n3", "x") == Datum::Int(1), || "n3 did not get x=1 from the new leader".into())
    }
    golden!(situation(run, claim, &["bug-no-up-to-date-check"]));
}

/// Sections 5.1 and 5.3: a leader that is cut off goes on alone, commits nothing, and on its return steps down before the
/// newer term; its entry gives way, and its client's retry brings it about once.
#[test]
fn stale_leader_isolated_and_returning() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[], bug);
        lab.until(10).fires("n1").until(100).asks("c1 append x=0").asks("c2 append y=0").until(230);
        lab.cuts("apart", "n1 c1", "n2 n3 c2").asks("c1 append x=1").until(250);
        lab.fires("n2").until(350).asks("c2 append x=2").until(750);
        if lab.probe("n1", "x") != Datum::List(vec![Datum::Int(0)]) {
            lab.wrong.push(format!("n1 alone made x to be {}", lab.probe("n1", "x")));
        }
        lab.heals().until(1_500);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        leads(lab, "n2", 2)?;
        same_logs(lab, &["n1", "n2", "n3"])?;
        answered(lab, "c1", "append x=1", &Datum::None)?;
        let all = Datum::List([0, 2, 1].map(Datum::Int).into());
        expect(lab.probe("n1", "x") == all, || format!("x is {}, expected {all}", lab.probe("n1", "x")))
    }
    golden!(situation(run, claim, &["bug-apply-before-commit"]));
}

/// Dissertation, section 9.6: a server that comes back from a partition, in which it timed out again and again, does not
/// depose the leader.
#[test]
fn pre_vote_against_a_disruptive_rejoiner() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &lively(&[("pre-vote", "true")]), bug);
        lab.until(500);
        let leader = lab.leaders().first().map_or(String::new(), |(name, _)| name.clone());
        let other = if leader == "n3" { "n2" } else { "n3" };
        let rest = ["n1", "n2", "n3"].into_iter().filter(|n| *n != other).collect::<Vec<_>>().join(" ");
        lab.cuts("apart", other, &rest).until(1_500).heals().until(2_500);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        let leaders = lab.leaders();
        expect(leaders.len() == 1 && leaders[0].1 == 1, || format!("the leader of term 1 was deposed: {leaders:?}"))
    }
    golden!(situation(run, claim, &["bug-pre-vote-raises-term"]));
}

/// Dissertation, section 6.2: a leader that hears from no majority for an election time-out steps down.
#[test]
fn check_quorum() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &lively(&[("check-quorum", "true")]), bug);
        lab.until(100).fires("n1").until(300).cuts("apart", "n1", "n2 n3").until(800);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        let leaders = lab.leaders();
        expect(leaders.len() == 1 && leaders[0].0 != "n1", || format!("the leaders are {leaders:?}"))
    }
    golden!(situation(run, claim, &["bug-expired-lease"]));
}

/// Dissertation, section 3.10: the leader brings the other up to date before it hands over, so that the other wins its
/// first election; commands wait meanwhile.
#[test]
fn leadership_transfer() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[], bug);
        lab.until(10).fires("n1").until(100).cuts("n3 apart", "n3", "n1 n2").asks("c1 put x=1").until(205).heals();
        lab.asks("c1 transfer-leadership n3").until(220).asks("c1 put x=2").until(700);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        leads(lab, "n3", 2)?;
        answered(lab, "c1", "transfer-leadership n3", &Datum::None)?;
        answered(lab, "c1", "put x=2", &Datum::None)?;
        expect(lab.ended("c1").iter().all(|(_, outcome, _)| *outcome == Outcome::Ok), || "not all went well".into())
    }
    golden!(situation(run, claim, &["bug-transfer-at-once"]));
}
