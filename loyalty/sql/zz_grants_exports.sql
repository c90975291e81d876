-- What the application role may do with exports and reconciliations: add, and never change.
grant select, insert on
    loyalty.account_map, loyalty.export, loyalty.export_file,
    loyalty.reconciliation, loyalty.reconciliation_item, loyalty.reconciliation_clearing,
    loyalty.reconciliation_reopening
    to :application;
