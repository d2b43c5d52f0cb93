"""payment: takes each order's money once, or says why not."""
