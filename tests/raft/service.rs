//! What clients rely on: reads that are not stale (dissertation, section 6.4), commands that take effect once (section 6.3).

use super::lab::*;
use faultline::wire::{Datum, Outcome};

/// Dissertation, section 6.4.1: the leader's clock is slow, the others' are fast, within the bound that the lease allows
/// for; when the others have elected a leader, the lease has run out on the slow clock too.
#[test]
fn lease_read_with_a_slow_clock() {
    fn run(bug: Option<&str>) -> Lab {
        let parameters = [
            ("read-mode", "\"lease\""),
            ("clock-drift-bound", "50"),
            ("election-timeout-min", "\"150ms\""),
            ("election-timeout-max", "\"300ms\""),
            ("heartbeat-interval", "\"50ms\""),
            ("give-up-after", "\"300ms\""),
        ];
        let mut lab = lab(3, 0, &parameters, bug);
        lab.does("clock = { node = \"n1\", drift_ppm = -200000 }");
        lab.does("clock = { node = \"n2\", drift_ppm = 200000 }").does("clock = { node = \"n3\", drift_ppm = 200000 }");
        lab.until(10)
            .fires("n1")
            .until(100)
            .asks("c1 put x=1")
            .asks("c2 put y=1")
            .until(250)
            .asks("c1 get x")
            .until(300);
        lab.cuts("apart", "n1 c1", "n2 n3 c2").until(302).fires("n2").until(480);
        lab.asks("c2 put x=2").until(700).asks("c1 get x").until(1_100);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        answered(lab, "c1", "get x", &Datum::Int(1))?;
        answered(lab, "c2", "put x=2", &Datum::None)?;
        let gets: Vec<Outcome> = lab.ended("c1").iter().filter(|(op, ..)| op == "get x").map(|(_, o, _)| *o).collect();
        expect(gets == [Outcome::Ok, Outcome::Fail], || format!("c1's gets ended {gets:?}"))
    }
    golden!(situation(run, claim, &["bug-expired-lease"]));
}

/// A heartbeat of n1's first term takes three seconds. When it is answered, n1 leads again, cut off by then: the answer has
/// n1's term in it, but confirms no round of it, and so no get. (Found by the sweep in seed 48878.)
#[test]
fn an_answer_to_an_earlier_term_confirms_nothing() {
    let mut lab = lab(3, 0, &[("give-up-after", "\"500ms\"")], None);
    let slow = |lab: &mut Lab, time| {
        lab.does(&format!(
            "link = {{ from = [\"n1\"], to = [\"n3\"], one_way = true, latency.constant = \"{time}\" }}"
        ));
    };
    lab.until(10).fires("n1").until(100).asks("c1 put x=1").until(5_850);
    slow(&mut lab, "3s");
    lab.until(6_020).fires("n2");
    slow(&mut lab, "10ms");
    lab.until(6_300).fires("n1").until(6_800);
    lab.does("cut = { name = \"requests\", from = [\"n1\"], to = [\"n3\"], one_way = true }")
        .cuts("apart", "n1 c1", "n2 c2");
    lab.until(9_060).fires("n2").until(9_200).asks("c2 put x=2").until(9_300).asks("c1 get x").until(10_000);
    assert_eq!(lab.received("n1", "stale: it is term 3"), 1, "{}", lab.transcript());
    let last = lab.ended("c1").pop().map(|(op, outcome, _)| (op, outcome));
    assert_eq!(last, Some(("get x".into(), Outcome::Fail)), "{}", lab.transcript());
    answered(&lab, "c2", "put x=2", &Datum::None).unwrap();
    assert_eq!(lab.broken(), None);
}

/// Section 8; dissertation, section 6.3: the answer is lost, the leader dies, the client asks the next one: the command has
/// taken effect, and does not do so again.
#[test]
fn session_retry_after_fail_over() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[], bug);
        lab.until(10).fires("n1").until(100).asks("c1 append x=0").until(205);
        lab.does("cut = { name = \"answers\", from = [\"n1\"], to = [\"c1\"], one_way = true }").asks("c1 append x=1");
        lab.until(340).does("crash.node = \"n1\"").until(342).fires("n2").until(800);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        answered(lab, "c1", "append x=1", &Datum::None)?;
        let once = Datum::List(vec![Datum::Int(0), Datum::Int(1)]);
        expect(lab.probe("n2", "x") == once, || format!("x is {}, expected {once}", lab.probe("n2", "x")))
    }
    golden!(situation(run, claim, &["bug-forget-session"]));
}

/// A majority is up, and yet nobody leads: the reason names what each of them did.
#[test]
fn no_leader_is_explained() {
    let lively = [("election-timeout-min", "\"150ms\""), ("election-timeout-max", "\"300ms\"")];
    let mut lab = lab(3, 0, &lively, Some("bug-same-timeouts"));
    lab.until(100).asks("c1 put x=1").until(1_540);
    let stuck = lab.world.why_no_progress().expect("c1 waits");
    lab.does("crash.node = \"n1\"").does("crash.node = \"n2\"").until(1_600);
    let down = lab.world.why_no_progress().expect("c1 waits");
    golden!(format!("{stuck}\n\n{down}\n"));
}

/// A leader that cannot commit says how far the others are.
#[test]
fn a_leader_without_a_majority_is_explained() {
    let mut lab = lab(3, 0, &[], None);
    lab.until(10).fires("n1").until(100).asks("c1 put x=1").until(300);
    lab.cuts("apart", "n1 c1", "n2 n3").asks("c1 put x=2").until(400);
    golden!(lab.world.why_no_progress().expect("c1 waits"));
}

/// Dissertation, section 6.3: a session that is forgotten, because too many others were opened, makes the outcome unknown;
/// the next command opens another.
#[test]
fn an_expired_session_makes_the_outcome_unknown() {
    let mut lab = lab(3, 0, &[("sessions-max", "1")], None);
    lab.until(10).fires("n1").until(100).asks("c1 put x=1").until(300).asks("c2 put x=2").until(600);
    lab.asks("c1 put x=3").until(800).asks("c1 put x=4").until(1_000);
    let outcomes: Vec<Outcome> = lab.ended("c1").into_iter().map(|(_, outcome, _)| outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Unknown, Outcome::Ok]);
    assert_eq!((lab.broken(), lab.probe("n1", "x")), (None, Datum::Int(4)));
}

/// A compare-and-set with one value expects what its client last saw.
#[test]
fn compare_and_set() {
    let mut lab = lab(3, 0, &[], None);
    let pair = |set, before| Datum::List(vec![Datum::Int(set), before]);
    lab.until(10).fires("n1").until(100).asks("c1 cas x=1").until(300).asks("c2 cas x=2").until(600);
    answered(&lab, "c1", "cas x=1", &pair(1, Datum::None)).unwrap();
    answered(&lab, "c2", "cas x=2", &pair(0, Datum::Int(1))).unwrap();
    lab.asks("c2 cas x=2").until(900);
    answered(&lab, "c2", "cas x=2", &pair(1, Datum::Int(1))).unwrap();
    assert_eq!((lab.broken(), lab.probe("n3", "x")), (None, Datum::Int(2)));
}
