//! Several at once, on one thread.

use std::cell::RefCell;

/// Does this with each of them, four at once, and gives what came of it in their order.
pub async fn abreast<'a, I, T, F>(items: &'a [I], work: impl Fn(&'a I) -> F) -> Vec<T>
where
    F: Future<Output = T>,
{
    let left = RefCell::new(items.iter().enumerate());
    let done = RefCell::new(Vec::new());
    let take = || left.borrow_mut().next();
    let lane = || async {
        while let Some((index, item)) = take() {
            let came = work(item).await;
            done.borrow_mut().push((index, came));
        }
    };
    // Boxed, as each holds a whole look.
    tokio::join!(Box::pin(lane()), Box::pin(lane()), Box::pin(lane()), Box::pin(lane()));
    let mut done = done.into_inner();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, came)| came).collect()
}
