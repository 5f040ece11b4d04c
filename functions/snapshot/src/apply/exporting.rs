//! Exporting: a snapshot is written into a bucket as files, and a manifest beside them says what they are. And the way back: a manifest is
//! held against its files before anything is made of them.

use std::cell::RefCell;

use domain::owner::short_hash;
use domain::snapshot::export::{Export, ExportStep, ExportView, Manifest, Place};
use domain::snapshot::restore::Restore;
use domain::snapshot::{Refusal, SnapshotView, Unrestorable};
use domain::{Catalog, Next};
use jiff::Timestamp;
use platform::{Clock, Fault, FaultKind, Operation};
use serde_json::json;

use crate::report::{self, End, Story};
use crate::{App, Run};

/// One export on its way.
pub(crate) struct Exported<'a> {
    app: &'a App,
    export: &'a Export,
    clock: Clock,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Exported<'_> {
    type Seen = ExportView;
    type Step = ExportStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<ExportView, Fault> {
        let view = look(self.app, self.export, &self.clock).await?;
        self.story.borrow_mut().saw_export(self.export, &view);
        Ok(view)
    }

    fn plan(&self, seen: &ExportView, _now: Timestamp) -> Next<ExportStep, Refusal> {
        self.export.plan(seen, Catalog::embedded())
    }

    async fn apply(&self, step: ExportStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::exporting(self.export, &step));
        let Export { snapshot, bucket, name } = self.export;
        match step {
            ExportStep::Copy => {
                let asked = self.app.elasticache.export_snapshot(snapshot, bucket, name).await;
                match asked {
                    // It was asked for by a call whose answer was lost, or by somebody at the same time: the next look tells.
                    Err(fault) if fault.kind == FaultKind::Rejected && self.has_files().await? => {
                        Ok(())
                    }
                    asked => asked,
                }
            }
            ExportStep::Describe(manifest) => {
                let key = self.export.manifest_key();
                self.app.buckets.write(bucket, &key, &manifest.write(), &self.clock).await
            }
        }
    }
}

impl Exported<'_> {
    async fn has_files(&self) -> Result<bool, Fault> {
        let Export { bucket, .. } = self.export;
        let found = self.app.buckets.list(bucket, &self.export.prefix(), &self.clock).await?;
        Ok(!found.is_empty())
    }
}

/// Looks at the snapshot and at what is in the bucket, both at once.
async fn look(app: &App, export: &Export, clock: &Clock) -> Result<ExportView, Fault> {
    let (snapshot, files) = tokio::join!(
        app.elasticache.snapshot(&export.snapshot),
        app.buckets.list(&export.bucket, &export.name, clock)
    );
    let (mut snapshot, files) = (snapshot?, files?);
    if let Some(snapshot) = &mut snapshot {
        snapshot.tags = app.elasticache.tags(&snapshot.arn).await?;
    }
    let key = export.manifest_key();
    let manifest = if files.iter().any(|it| it.key == key) {
        let text = app.buckets.read(&export.bucket, &key, clock).await?;
        text.map(|it| Manifest::read(&it))
    } else {
        None
    };
    Ok(ExportView { snapshot, files, manifest })
}

impl Run<'_> {
    /// Exports a snapshot. ElastiCache writes for as long as the data are large, so the state machine waits.
    pub(crate) async fn export(&self, export: &Export) -> Result<serde_json::Value, Fault> {
        let operation = self.exported(export);
        let hand = async |_: &ExportView| {
            let Export { snapshot, bucket, name } = export;
            let place = short_hash(&format!("{bucket}/{name}"));
            let event =
                json!({ "action": "export", "snapshot": snapshot, "bucket": bucket, "name": name });
            self.hand(&format!("snapshot-export-{place}-{}", self.unique()), &event, 1).await
        };
        let end = self.carried(&operation, &operation.story, hand).await?;
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    pub(crate) fn exported<'b>(&'b self, export: &'b Export) -> Exported<'b> {
        let story = Story { asked: export.to_string(), ..Story::default() };
        Exported { app: self.app, export, clock: self.clock, story: RefCell::new(story) }
    }

    /// What a manifest says, where a restore names one: its files, each seen to be what it was, and the snapshot that they hold.
    pub(crate) async fn unpacked(
        &self,
        restore: &Restore,
    ) -> Result<Result<(Restore, Option<SnapshotView>), End>, Fault> {
        let Some(place) = &restore.manifest else { return Ok(Ok((restore.clone(), None))) };
        let Place { bucket, key, .. } = place;
        let refuse = |why: String| {
            let manifest = place.to_string();
            Ok(Err(End::Refused(Unrestorable::Manifest { manifest, why }.into())))
        };
        let buckets = &self.app.buckets;
        let manifest = match buckets.read(bucket, key, &self.clock).await? {
            None => return refuse("is not there".to_owned()),
            Some(text) => match Manifest::read(&text) {
                Err(why) => return refuse(format!("cannot be read: {why}")),
                Ok(manifest) => manifest,
            },
        };
        let begins = manifest.begins();
        let files = buckets.list(bucket, &begins, &self.clock).await?;
        if let Err(mismatch) = manifest.compare(&files) {
            return refuse(format!("names other files than are there: {mismatch}"));
        }
        let arn = |it: &domain::snapshot::export::File| place.beside(&it.key);
        let files = manifest.files.iter().map(arn).collect();
        Ok(Ok((Restore { files, ..restore.clone() }, Some(manifest.saved()))))
    }
}
