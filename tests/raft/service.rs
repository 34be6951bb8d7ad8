//! What clients rely on: reads that are not stale (dissertation, section 6.4), commands that take effect once (section 6.3).

use crate::lab::*;
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
