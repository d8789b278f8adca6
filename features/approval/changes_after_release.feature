Feature: A change after the release
  What was approved is what is paid. A change is a new version: either the approval carries over, or people look first.

  Background:
    Given a mother who did not consent to Stripe
    And her award has been released

  Scenario: A change that touches neither payee, fund nor ceiling lets the payment go on
    When her phone number changes
    Then her payment can be logged

  Scenario: A changed payee is never paid on the old approval
    When the payee's name changes
    Then her payment cannot be logged
    And a person is asked to look

  Scenario: A trip that is no longer safe is not paid
    When Ana records that the journey is not safe or lawful
    Then her payment cannot be logged
    And a person is asked to look

  Scenario: A cost added after the release is not lost
    When a taxi is added to the costs
    Then a person is asked to look

  Scenario: Whoever released the money and then changes the request stops it
    When Eve, who released it and now covers for Ana, changes the phone number
    Then a person is asked to look
