/**
 * Every way in which a future, a task, a timer or a call can live and be dropped: what the soak tests do millions of times.
 */
