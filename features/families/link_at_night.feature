Feature: A family's link is made anew at any hour, for the right person
  Whoever asks is called back on the number that was on file. Without one, two people answer for it.

  Background:
    Given a mother whose link was closed by five wrong numbers

  Scenario: Two in the night, and the number on file answers
    When Ana calls the number on file and speaks with her
    Then she opens her page with the new link
    And the old link stays closed

  Scenario: A number given on the phone proves nothing
    When the caller asks to be called at another number
    Then no new link is made

  Scenario: No number is on file
    Given no number of hers is on file
    When Ana says how she knows her
    Then Ana alone makes no link
    And Sue, her supervisor, makes it on Ana's word
