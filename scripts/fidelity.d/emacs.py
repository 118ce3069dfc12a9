# SPDX-License-Identifier: MIT
"""emacs in batch mode: text inserted, searched, replaced and sorted in buffers."""
GROUP = "others"
COMMAND = ["emacs", "-Q", "--batch", "-l", "{inputs}/load.el"]


def make_input(folder, random):
    (folder / "load.el").write_text(''';;; -*- lexical-binding: t -*-
(setq gc-cons-threshold 4000000)
(let ((table (make-hash-table :test 'equal)) (lists nil))
  (with-temp-buffer
    (dotimes (i 120000) (insert (format "line %d of %d words\\n" (% (* i 7919) 100003) i)))
    (goto-char (point-min))
    (while (re-search-forward "line \\\\([0-9]+\\\\)" nil t)
      (puthash (match-string 1) (line-beginning-position) table))
    (goto-char (point-min))
    (while (re-search-forward "0 of" nil t) (replace-match "zero of"))
    (sort-lines nil (point-min) (/ (point-max) 4))
    (dotimes (i 40) (push (split-string (buffer-substring 1 200000)) lists)
      (when (> (length lists) 12) (setcdr (nthcdr 6 lists) nil))))
  (message "%d %d" (hash-table-count table) (length lists)))
''')
