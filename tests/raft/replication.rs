//! Log replication (section 5.3), the commit rule (section 5.4.2) and snapshots (section 7).

use super::lab::*;
use faultline::wire::Datum;

/// End of section 5.3: one refusal leads past all conflicting entries of a term, then the follower's log is the leader's.
#[test]
fn log_conflict_repair() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[], bug);
        lab.until(10).fires("n1").until(100).asks("c1 put x=0").asks("c2 put y=0").until(300);
        lab.cuts("apart", "n1 c1", "n2 n3 c2");
        lab.asks("c1 put x=1").asks("c1 put x=2").asks("c1 put x=3").until(330).fires("n2").until(400);
        lab.asks("c2 put y=1").until(600).asks("c2 put y=2").until(800).fires("n3").until(900).heals().until(1_600);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        leads(lab, "n3", 3)?;
        same_logs(lab, &["n1", "n2", "n3"])?;
        let refusals = lab.received("n3", "another entry");
        expect(refusals == 1, || format!("{refusals} refusals for one conflicting term"))
    }
    golden!(situation(run, claim, &["bug-no-consistency-check"]));
}

/// Figure 2, AppendEntries 3: only a conflict deletes entries. A message that was overtaken is no conflict.
#[test]
fn a_late_message_takes_nothing_away() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[("retry-after", "\"2s\"")], bug);
        lab.until(10).fires("n1").until(100).asks("c1 put x=0").until(250).cuts("n3 apart", "n3", "n1 n2");
        lab.does("link = { from = [\"n1\"], to = [\"n2\"], one_way = true, latency.constant = \"90ms\" }");
        lab.asks("c1 put x=1").until(265);
        lab.does("link = { from = [\"n1\"], to = [\"n2\"], one_way = true, latency.constant = \"10ms\" }");
        lab.asks("c1 put x=2").until(345).cuts("n1 apart", "n1", "n2").until(400);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        answered(lab, "c1", "put x=2", &Datum::None)?;
        same_logs(lab, &["n1", "n2"])
    }
    golden!(situation(run, claim, &["bug-truncate-matching"]));
}

/// Section 5.4.2 and figure 8: an entry of an older term that lies on a majority is not committed by that, and may still be
/// overwritten; so nobody may have been told of it.
#[test]
fn figure_8() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(5, 0, &[("entries-max", "1"), ("retry-after", "\"40ms\"")], bug);
        // (a) n1 leads in term 1; its entry reaches n2 only.
        lab.until(10).fires("n1").until(100).asks("c1 put x=0").asks("c2 put y=0").until(350);
        lab.cuts("a", "n1 n2", "n3 n4 n5").cuts("c1", "c1", "n2 n3 n4 n5");
        lab.asks("c1 put x=1").until(395).does("crash.node = \"n1\"");
        // (b) n5 leads in term 2 by the votes of n3 and n4; its entry reaches nobody.
        lab.until(400).fires("n5").until(426).cuts("b", "n5", "n1 n2 n3 n4").until(440).asks("c2 put x=2").until(700);
        lab.does("crash.node = \"n5\"").does("heal.name = \"a\"").does("restart.node = \"n1\"");
        // (c) n1 leads in term 3; x=1 reaches n3, which makes a majority, but nothing of term 3 does.
        lab.until(710).fires("n1").until(720).fires("n1").until(749).cuts("c", "n1", "n4");
        lab.until(790).cuts("c too", "n1", "n2 n3").until(850).does("crash.node = \"n1\"");
        // (d) n5 leads by the votes of n3 and n4, and overwrites it.
        for rule in ["b", "c", "c too"] {
            lab.does(&format!("heal.name = \"{rule}\""));
        }
        lab.does("restart.node = \"n5\"").until(860).fires("n5").until(870).fires("n5").until(1_200);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        expect(lab.leaders().iter().any(|(name, _)| name == "n5"), || format!("leaders: {:?}", lab.leaders()))?;
        expect(lab.probe("n3", "x") != Datum::Int(1), || "x=1 survived, so this is not figure 8".into())?;
        let told = lab.ended("c1").iter().any(|(op, ..)| op == "put x=1");
        expect(!told, || "c1 was told of x=1".into())
    }
    golden!(situation(run, claim, &["bug-commit-old-terms"]));
}

/// Section 7: a follower that lags behind the leader's compacted log gets a snapshot, and from then on does as the others.
#[test]
fn snapshot_to_a_lagging_follower() {
    fn run(bug: Option<&str>) -> Lab {
        let mut lab = lab(3, 0, &[("snapshot-threshold", "18")], bug);
        lab.until(10).fires("n1").until(100).asks("c1 put x=0").until(200).cuts("n3 apart", "n3", "n1 n2");
        for i in 1..=20 {
            lab.asks(&format!("c1 put x={i}")).until(200 + i * 30);
        }
        lab.heals().until(1_300).asks("c1 append x=100").until(1_600);
        lab
    }
    fn claim(lab: &Lab) -> Result<(), String> {
        let installed = lab.number("n3", "snapshot-index");
        expect(installed >= 18, || format!("n3's snapshot reaches to {installed}"))?;
        let x = Datum::List(vec![Datum::Int(20), Datum::Int(100)]);
        expect(lab.probe("n3", "x") == x, || format!("n3 has x={}", lab.probe("n3", "x")))?;
        expect(lab.received("n3", "InstallSnapshot") == 1, || "not exactly one snapshot".into())
    }
    golden!(situation(run, claim, &["bug-snapshot-without-sessions"]));
}
